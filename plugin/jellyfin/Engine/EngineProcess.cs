using System.ComponentModel;
using System.Diagnostics;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>One engine that was started. Its standard input is its lifeline: it ends by itself when that closes, however this process ends.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private const int HandshakeLimit = 4096;

    /// <summary>What a program needs of the surroundings. The server's environment may hold secrets, and stays out.</summary>
    private static readonly string[] PassedOn =
    [
        "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "JELLYFIN_FFMPEG",
        "SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramData",
    ];

    private readonly Process process;
    private readonly EngineLog log;
    private readonly TaskCompletionSource<string?> firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task pumps;

    private EngineProcess(Process process, EngineLog log)
    {
        this.process = process;
        this.log = log;
        Exited = ExitAsync();
        pumps = Task.WhenAll(Task.Run(PumpOutputAsync), Task.Run(PumpErrorsAsync));
    }

    /// <summary>Completes with the exit code when it has ended. Never fails.</summary>
    public Task<int> Exited { get; }

    /// <summary>Its process id.</summary>
    public int Id { get; private init; }

    /// <summary>Starts a program; <see cref="EngineFailure"/> when the system refuses.</summary>
    public static EngineProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, EngineLog log)
    {
        var process = new Process { StartInfo = StartInfo(program, arguments) };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        try
        {
            process.Start();
            return new EngineProcess(process, log) { Id = process.Id };
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            process.Dispose();
            throw new EngineFailure(EngineMessages.NoNode([NodeLocator.StartProblem(program, error)]), cause: error);
        }
    }

    /// <summary>How a program is started: no shell, no window, pipes, and a clean environment.</summary>
    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var name in PassedOn)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                info.Environment[name] = value;
            }
        }

        return info;
    }

    /// <summary>Ends a program and its children if it still runs. Never throws.</summary>
    public static void KillQuietly(Process process)
    {
        try
        {
            // Looking for the children of one that has ended takes long on a busy machine, and finds none.
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception)
        {
            // It has ended, or can't be ended: there is nothing more to do about it.
        }
    }

    /// <summary>Waits for the first line. <see cref="EngineFailure"/> when it does not come, is no handshake, or the engine ends instead.</summary>
    public async Task<Handshake> HandshakeAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        string? line;
        try
        {
            line = await firstLine.Task.WaitAsync(limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new EngineFailure(EngineMessages.NoHandshake(limit.TotalSeconds));
        }

        if (line is not null)
        {
            return Handshake.Parse(line);
        }

        var code = await Exited.WaitAsync(cancellationToken);
        // Its last words may still be on their way through the pipe.
        await Task.WhenAny(pumps, Task.Delay(TimeSpan.FromSeconds(1), cancellationToken));
        throw new EngineFailure(EngineMessages.EndedAtOnce(code, log.LastWords));
    }

    /// <summary>Closes the lifeline, waits, and kills what is left. Never throws.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        try
        {
            // Closing throws when the engine is gone already.
            process.StandardInput.Close();
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
        }

        await Task.WhenAny(Exited, Task.Delay(patience));
        if (!Exited.IsCompleted)
        {
            KillQuietly(process);
            await Task.WhenAny(Exited, Task.Delay(TimeSpan.FromSeconds(2)));
        }
    }

    /// <summary>Ends it at once. Never throws.</summary>
    public void Kill() => KillQuietly(process);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        KillQuietly(process);
        // A child of the engine may hold the pipes open: a new start does not wait for it.
        await Task.WhenAny(Task.WhenAll(Exited, pumps), Task.Delay(TimeSpan.FromMilliseconds(300)));
        process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        try
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (Exception)
        {
            // Disposed while it was waited for.
            return -1;
        }
    }

    private async Task PumpOutputAsync()
    {
        try
        {
            using var lines = new LineReader(process.StandardOutput.BaseStream, EngineLog.LineLimit);
            var first = await lines.ReadAsync(CancellationToken.None);
            firstLine.TrySetResult(first is { Length: <= HandshakeLimit } ? first : first?[..HandshakeLimit]);
            while (await lines.ReadAsync(CancellationToken.None) is { } line)
            {
                log.Write(line);
            }
        }
        catch (Exception)
        {
            // The pipe broke: the engine has ended.
        }
        finally
        {
            firstLine.TrySetResult(null);
        }
    }

    private async Task PumpErrorsAsync()
    {
        try
        {
            using var lines = new LineReader(process.StandardError.BaseStream, EngineLog.LineLimit);
            while (await lines.ReadAsync(CancellationToken.None) is { } line)
            {
                log.Write(line);
            }
        }
        catch (Exception)
        {
            // The pipe broke: the engine has ended.
        }
    }
}
