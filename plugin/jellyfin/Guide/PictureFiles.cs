using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// Pictures of programmes and logos as files, one for each picture. Given an address, the host would download a copy for each programme that has the
/// picture, and 10.11 would do so again in every refresh.
/// </summary>
public sealed class PictureFiles
{
    private const long Largest = 8 * 1024 * 1024;
    private const int AtOnce = 4;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Touched = TimeSpan.FromDays(1);
    private static readonly TimeSpan Unused = TimeSpan.FromDays(14);

    private readonly CoaxFolders folders;
    private readonly IEngine engine;
    private readonly ILogger<PictureFiles> logger;
    private readonly Lazy<ConcurrentDictionary<string, string>> held;

    /// <summary>Only remembers.</summary>
    public PictureFiles(CoaxFolders folders, IEngine engine, ILogger<PictureFiles> logger)
    {
        this.folders = folders;
        this.engine = engine;
        this.logger = logger;
        held = new Lazy<ConcurrentDictionary<string, string>>(Load);
    }

    private string Folder => Path.Combine(folders.Cache, "pictures");

    /// <summary>The files of these pictures of the engine, by their paths there; those that cannot be had within <paramref name="patience"/> are left out.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GetAsync(IEnumerable<string> paths, TimeSpan patience, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var found = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var path in paths.Distinct(StringComparer.Ordinal))
        {
            if (held.Value.TryGetValue(NameOf(path), out var file) && Touch(file))
            {
                found[path] = file;
            }
            else
            {
                missing.Add(path);
            }
        }

        if (missing.Count > 0 && engine.Status.Phase == EnginePhase.Ready)
        {
            await FetchAsync(missing, found, patience, cancellationToken);
        }

        return found;
    }

    // The address without its token, which changes when an output gets a new one: the picture does not.
    private static string NameOf(string path)
    {
        var at = path.StartsWith("/o/", StringComparison.Ordinal) ? path.IndexOf('/', 3) : 0;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path[Math.Max(at, 0)..])).AsSpan(0, 16));
    }

    private static string? ExtensionOf(string? contentType) => contentType switch
    {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/gif" => ".gif",
        _ => null,
    };

    // The host deletes what has lain in its cache for 30 days, and so does the next start here, sooner, with what no guide names any more.
    private static bool Touch(string file)
    {
        try
        {
            var time = File.GetLastWriteTimeUtc(file);
            if (DateTime.UtcNow - time > Touched && File.Exists(file))
            {
                File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
            }

            return File.Exists(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private ConcurrentDictionary<string, string> Load()
    {
        var files = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var file in Directory.CreateDirectory(Folder).EnumerateFiles())
            {
                if (DateTime.UtcNow - file.LastWriteTimeUtc > Unused || file.Extension == ".tmp")
                {
                    GuideFile.Discard(file.FullName);
                }
                else
                {
                    files[Path.GetFileNameWithoutExtension(file.Name)] = file.FullName;
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The folder of pictures cannot be read: {Problem}", error.Message);
        }

        return files;
    }

    private async Task FetchAsync(List<string> missing, ConcurrentDictionary<string, string> found, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token }, async (path, token) =>
            {
                if (await FetchOneAsync(path, token) is { } file)
                {
                    held.Value[NameOf(path)] = file;
                    found[path] = file;
                }
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogDebug("Of {Count} new pictures only {Found} came in time", missing.Count, found.Count);
        }
    }

    private async Task<string?> FetchOneAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            using var answer = await engine.SendAsync(request, Deadline, cancellationToken);
            if (!answer.IsSuccessStatusCode || ExtensionOf(answer.Content.Headers.ContentType?.MediaType) is not { } extension || answer.Content.Headers.ContentLength > Largest)
            {
                return null;
            }

            var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            if (bytes.Length is 0 or > (int)Largest)
            {
                return null;
            }

            var file = Path.Combine(Folder, NameOf(path) + extension);
            var unfinished = $"{file}.{Guid.NewGuid():N}.tmp";
            await File.WriteAllBytesAsync(unfinished, bytes, cancellationToken);
            File.Move(unfinished, file, overwrite: true);
            return file;
        }
        catch (Exception error) when (error is EngineUnavailableException or HttpRequestException or IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("A picture could not be fetched: {Problem}", error.Message);
            return null;
        }
    }
}
