using System.Diagnostics;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// The engine's guide on this machine: asked for once when a refresh of the host begins, and read channel by channel from a file after that.
/// The file outlives the engine and the server, so that an engine that is down changes nothing.
/// </summary>
public sealed class GuideStore : IDisposable
{
    private const string Prefix = "guide-";
    private const string Suffix = ".ndjson";

    /// <summary>Time that a refresh waits for an engine that is being started, and for one that has failed.</summary>
    private static readonly TimeSpan StartWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FailedWait = TimeSpan.FromSeconds(2);

    /// <summary>Calls within this time of the last answer belong to the same refresh.</summary>
    private static readonly TimeSpan SameRefresh = TimeSpan.FromSeconds(20);

    private readonly CoaxFolders folders;
    private readonly IEngine engine;
    private readonly EngineApi api;
    private readonly ILogger<GuideStore> logger;
    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile GuideFile? current;
    private bool opened;
    private long askedAt = long.MinValue;
    private string problem = string.Empty;

    /// <summary>Only remembers; nothing is read before it is asked for.</summary>
    public GuideStore(CoaxFolders folders, IEngine engine, EngineApi api, ILogger<GuideStore> logger)
    {
        this.folders = folders;
        this.engine = engine;
        this.api = api;
        this.logger = logger;
    }

    /// <summary>The revision that channels are read from; null before a refresh has begun.</summary>
    public string? Revision => current?.Revision;

    private string Folder => folders.Cache;

    /// <summary>Says that a refresh begins: asks the engine whether its guide is still the one that is here. Never throws but for <paramref name="cancellationToken"/>.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => CompareAsync(SameRefresh, cancellationToken);

    /// <summary>How much guide a channel has, for comparison with others; 0 for all when there is no guide. A refresh begins with this call as with <see cref="BeginAsync"/>.</summary>
    public async Task<Func<string, int>> SizesAsync(CancellationToken cancellationToken)
    {
        var guide = await CompareAsync(SameRefresh, cancellationToken);
        return channelId => guide?.SizeOf(channelId) ?? 0;
    }

    /// <summary>
    /// One channel's programmes, by start; empty when it has none. <see cref="OperationCanceledException"/> when there is no guide at all:
    /// that ends the host's refresh without deleting what it has (GuideManager.RefreshGuide).
    /// </summary>
    public async Task<IReadOnlyList<EngineProgramme>> ReadAsync(string channelId, CancellationToken cancellationToken)
    {
        // One refresh, however long, is served from one guide.
        var guide = current ?? await CompareAsync(SameRefresh, cancellationToken);
        if (guide is not null)
        {
            try
            {
                return await guide.ReadAsync(channelId, cancellationToken);
            }
            catch (InvalidDataException error)
            {
                logger.LogWarning(error, "The saved guide is damaged and is fetched again");
                guide = await ReplaceAsync(guide, cancellationToken);
            }
        }

        if (guide is not null)
        {
            return await guide.ReadAsync(channelId, cancellationToken);
        }

        throw new OperationCanceledException($"The guide is not refreshed, and nothing is removed from it: {problem}");
    }

    /// <inheritdoc />
    public void Dispose() => gate.Dispose();

    private static bool IsWithin(TimeSpan time, long since) => since != long.MinValue && Environment.TickCount64 - since < time.TotalMilliseconds;

    private async Task<GuideFile?> CompareAsync(TimeSpan freshness, CancellationToken cancellationToken)
    {
        if (IsWithin(freshness, Volatile.Read(ref askedAt)))
        {
            return current;
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!IsWithin(freshness, askedAt))
            {
                OpenSaved();
                await FetchAsync(cancellationToken);
                Volatile.Write(ref askedAt, Environment.TickCount64);
            }

            return current;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<GuideFile?> ReplaceAsync(GuideFile damaged, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (ReferenceEquals(current, damaged))
            {
                current = null;
                GuideFile.Discard(damaged.Path);
                await FetchAsync(cancellationToken);
            }

            return current;
        }
        finally
        {
            gate.Release();
        }
    }

    private void OpenSaved()
    {
        if (opened)
        {
            return;
        }

        opened = true;
        foreach (var path in Saved().OrderDescending(StringComparer.Ordinal))
        {
            current = GuideFile.TryOpen(path);
            if (current is not null)
            {
                break;
            }
        }
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            await WaitForEngineAsync(cancellationToken);
            var output = Plugin.Instance?.Configuration.OutputId ?? string.Empty;
            var known = current?.Output == output ? current.Revision : null;
            var feed = await api.OpenProgrammesAsync(output, known, cancellationToken);
            if (feed is not null)
            {
                await using var _ = feed;
                // A name of its own for each: what is being read stays as it is, and Windows does not replace open files.
                var path = Path.Combine(Folder, $"{Prefix}{DateTime.UtcNow.Ticks:D19}{Suffix}");
                current = await GuideFile.SaveAsync(feed.Lines, output, feed.Revision, path, cancellationToken);
                logger.LogInformation("The guide has {Programmes} programmes of {Channels} channels", current.Programmes, current.Channels);
                Tidy(path);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            problem = error.Message;
            logger.LogWarning("The engine's guide could not be read: {Problem} {Consequence}", problem, current is null ? "There is no saved guide." : "The saved guide is used.");
        }
    }

    private async Task WaitForEngineAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!await engine.WaitUntilReadyAsync(TimeSpan.FromSeconds(1), cancellationToken))
        {
            var wait = engine.Status.Phase is EnginePhase.Starting or EnginePhase.Restarting ? StartWait : FailedWait;
            if (clock.Elapsed >= wait)
            {
                throw new EngineUnavailableException(engine.Status.Message);
            }
        }
    }

    private string[] Saved() => Directory.Exists(Folder) ? Directory.GetFiles(Folder, Prefix + "*" + Suffix) : [];

    private void Tidy(string kept)
    {
        foreach (var path in Saved())
        {
            if (path != kept)
            {
                GuideFile.Discard(path);
            }
        }
    }
}
