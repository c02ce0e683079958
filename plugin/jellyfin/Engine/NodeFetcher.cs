using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Fetches a Node runtime into a folder, checks its hash and keeps the program alone. What is there already is not fetched again.</summary>
internal sealed class NodeFetcher(string folder, ILogger logger)
{
    private const long SizeLimit = 300_000_000;

    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(2);

    /// <summary>The path of the Node from the given address (with its hash), or of nodejs.org's when it is empty.</summary>
    public async Task<string> GetAsync(string runtimeUrl, CancellationToken cancellationToken)
    {
        var archive = string.IsNullOrWhiteSpace(runtimeUrl)
            ? (NodePlatform.IsMusl ? null : NodeArchives.For(NodePlatform.Name)) ?? throw new EngineFailure(EngineMessages.NoBuild, RetryAfter)
            : NodeArchive.Parse(runtimeUrl);
        var target = Path.Combine(folder, archive.Sha256[..16].ToLowerInvariant(), NodePlatform.Program);
        if (File.Exists(target))
        {
            return target;
        }

        var host = archive.Address.Host;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Whole);
        var download = Path.Combine(folder, $"{Guid.NewGuid():N}.part");
        var unpacked = Path.Combine(folder, $"{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            RemoveLeftovers();
            logger.LogInformation("Fetching Node from {Host:l}, as this machine has none that is new enough", host);
            var hash = await DownloadAsync(archive.Address, download, limit.Token);
            if (!hash.Equals(archive.Sha256, StringComparison.OrdinalIgnoreCase))
            {
                throw new EngineFailure(EngineMessages.WrongHash(host, archive.Sha256.ToLowerInvariant(), hash.ToLowerInvariant()), RetryAfter);
            }

            if (!await UnpackAsync(archive.Address, download, unpacked, limit.Token))
            {
                throw new EngineFailure(EngineMessages.NoNodeInside(host), RetryAfter);
            }

            NodeLocator.AllowExecution(unpacked);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(unpacked, target, overwrite: true);
            logger.LogInformation("Node was fetched, checked and unpacked to {Path:l}", target);
            return target;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineFailure(EngineMessages.FetchFailed(host, "it took too long"), RetryAfter);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new EngineFailure(EngineMessages.FetchFailed(host, error.Message), RetryAfter, error);
        }
        finally
        {
            Remove(download);
            Remove(unpacked);
        }
    }

    private static async Task<string> DownloadAsync(Uri address, string file, CancellationToken cancellationToken)
    {
        // The system's proxy settings hold here: this is the one call that leaves the machine.
        using var handler = new SocketsHttpHandler { ConnectTimeout = Connect };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Coax", typeof(NodeFetcher).Assembly.GetName().Version?.ToString(3)));
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(Stall);
        using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(stall.Token);
        await using var target = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        long total = 0;
        while (true)
        {
            stall.CancelAfter(Stall);
            var count = await body.ReadAsync(buffer, stall.Token);
            if (count == 0)
            {
                return Convert.ToHexString(hash.GetHashAndReset());
            }

            total += count;
            if (total > SizeLimit)
            {
                throw new InvalidDataException($"it is larger than {SizeLimit / 1_000_000} MB");
            }

            hash.AppendData(buffer, 0, count);
            await target.WriteAsync(buffer.AsMemory(0, count), stall.Token);
        }
    }

    private static async Task<bool> UnpackAsync(Uri address, string file, string target, CancellationToken cancellationToken)
    {
        await using var source = File.OpenRead(file);
        if (address.AbsolutePath.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            using var zip = new ZipArchive(source, ZipArchiveMode.Read);
            var program = zip.Entries.Where(entry => IsProgram(entry.FullName)).MinBy(entry => entry.FullName.Length);
            if (program is null)
            {
                return false;
            }

            await using var content = program.Open();
            await WriteAsync(content, target, cancellationToken);
            return true;
        }

        await using var unzipped = new GZipStream(source, CompressionMode.Decompress);
        await using var tar = new TarReader(unzipped);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && IsProgram(entry.Name) && entry.DataStream is { } content)
            {
                await WriteAsync(content, target, cancellationToken);
                return true;
            }
        }

        return false;
    }

    private static bool IsProgram(string name)
    {
        var parts = name.Split('/');
        return parts[^1] == NodePlatform.Program && (parts.Length == 1 || parts[^2] == "bin" || parts.Length == 2);
    }

    private static async Task WriteAsync(Stream content, string target, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        await content.CopyToAsync(file, cancellationToken);
        file.Flush(flushToDisk: true);
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next fetch removes it.
        }
    }

    private void RemoveLeftovers()
    {
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => file.EndsWith(".part", StringComparison.Ordinal) || file.EndsWith(".tmp", StringComparison.Ordinal)))
        {
            Remove(file);
        }
    }
}
