using System.Diagnostics;
using MediaBrowser.Controller.Library;

namespace Coax.Harness;

/// <summary>Readers of live streams: as the host's ffmpeg reads EncoderPath, and as the host itself reads GetStream().</summary>
internal static class Reading
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Begins to read as ffmpeg does: one GET of the address that only the host's ffmpeg is told.</summary>
    public static async Task<Stream> AsFfmpegAsync(ILiveStream stream)
    {
        var answer = await Client.GetAsync(new Uri(stream.MediaSource.EncoderPath!), HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStreamAsync().ConfigureAwait(false);
    }

    public static async Task<int> StatusAsync(Uri address)
    {
        using var answer = await Client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        return (int)answer.StatusCode;
    }

    /// <summary>Reads until <paramref name="enough"/> says so of what came, or the time is over.</summary>
    public static async Task<byte[]> UntilAsync(Stream from, Func<byte[], bool> enough, TimeSpan atMost)
    {
        using var cancellation = new CancellationTokenSource(atMost);
        var all = new MemoryStream();
        var buffer = new byte[65_536];
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(buffer, cancellation.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                all.Write(buffer, 0, read);
                if (enough(all.ToArray()))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What came until now is judged.
        }

        return all.ToArray();
    }

    /// <summary>All that comes within a time.</summary>
    public static Task<byte[]> ForAsync(Stream from, TimeSpan time) => UntilAsync(from, _ => false, time);

    public static Task<byte[]> BytesAsync(Stream from, int count, TimeSpan atMost) => UntilAsync(from, bytes => bytes.Length >= count, atMost);
}

/// <summary>The engine programs that belong to a host's data folder, as the kernel lists them.</summary>
internal static class EngineProcesses
{
    public static IReadOnlyList<int> Of(HostFolders folders)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CheckSkippedException("processes are counted in /proc, which only Linux has");
        }

        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), out var pid) && File.ReadAllText(Path.Combine(folder, "cmdline")).Contains(folders.EngineData, StringComparison.Ordinal))
                {
                    found.Add(pid);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has just ended, or is another user's.
            }
        }

        return found;
    }

    public static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }
}
