using System.Collections.Concurrent;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>
/// The channels, in memory. They are fetched behind the scenes when the engine says that they changed, and kept on disk. The server deletes
/// what a tuner does not return, so an engine that is down, fails or is empty by mistake changes nothing here.
/// </summary>
public sealed class ChannelStore
{
    /// <summary>How long the first refresh of a server that just started waits for the engine: with known channels, and without.</summary>
    private static readonly TimeSpan StartWait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FetchWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan[] Retries = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30)];

    private readonly IEngine engine;
    private readonly EngineApi api;
    private readonly ILogger<ChannelStore> logger;
    private readonly ChannelFile file;
    private readonly Lazy<Lineup> saved;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, CodecFacts> learned = new(StringComparer.Ordinal);
    private Lineup? fetched;
    private Task<bool>? fetching;
    private string? signal;
    private string? reported;

    /// <summary>Only remembers; the file is read when channels are asked for.</summary>
    public ChannelStore(IEngine engine, EngineApi api, ChannelFile file, ILogger<ChannelStore> logger)
    {
        this.engine = engine;
        this.api = api;
        this.file = file;
        this.logger = logger;
        saved = new Lazy<Lineup>(() => file.Load() ?? Lineup.None);
        engine.StatusChanged += OnStatusChanged;
    }

    /// <summary>The lineup as far as it is known, without waiting for anything but, once, the file.</summary>
    public Lineup Known => Volatile.Read(ref fetched) ?? saved.Value;

    /// <summary>The channels of <see cref="Known"/>.</summary>
    public IReadOnlyList<EngineChannel> Current => Known.Channels;

    /// <summary>The lineup as the engine has it, when the engine answers in time; else as it was known.</summary>
    public async Task<Lineup> FreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (fetched is null && engine.Status.Phase is EnginePhase.Starting or EnginePhase.Restarting)
            {
                await engine.WaitUntilReadyAsync(Known.Channels.Count > 0 ? StartWait : FirstWait, cancellationToken);
            }

            if (engine.Status.Phase == EnginePhase.Ready)
            {
                await FetchAsync().WaitAsync(FetchWait, cancellationToken);
            }
        }
        catch (TimeoutException)
        {
            Report("The engine did not give its channels in time; the last known ones are used");
        }

        return Known;
    }

    /// <summary>What is known of a channel's codecs.</summary>
    public CodecFacts? FactsOf(string channelId) =>
        learned.TryGetValue(channelId, out var facts) && (Known.Find(channelId)?.Facts is not { } other || other.ObservedAt <= facts.ObservedAt)
            ? facts
            : Known.Find(channelId)?.Facts;

    /// <summary>Takes what opening a channel has told.</summary>
    public void Learn(string channelId, CodecFacts? facts)
    {
        if (facts is not null)
        {
            learned[channelId] = facts;
        }
    }

    /// <summary>
    /// Whether an answer takes the place of what is known. An empty one does only when it is of another output, or when a ready engine
    /// has no source any more: everything else may be a fault.
    /// </summary>
    public static bool Replaces(Lineup known, Lineup answer, EngineHealth? health) =>
        answer.Channels.Count > 0
        || known.Channels.Count == 0
        || known.Output != answer.Output
        || health is { Ready: true, Sources: 0 };

    // Handlers of the engine's events never throw.
    private void OnStatusChanged(object? sender, EngineStatus status)
    {
        if (status.Phase == EnginePhase.Ready && (Volatile.Read(ref fetched) is null || status.LineupRevision != Volatile.Read(ref signal)))
        {
            _ = FetchWithRetriesAsync();
        }
    }

    private async Task FetchWithRetriesAsync()
    {
        if (await FetchAsync())
        {
            return;
        }

        foreach (var delay in Retries)
        {
            await Task.Delay(delay);
            if (engine.Status.Phase != EnginePhase.Ready || await FetchAsync())
            {
                return;
            }
        }
    }

    // True when the engine has answered. Never throws. One fetch serves all who ask meanwhile.
    private Task<bool> FetchAsync()
    {
        lock (gate)
        {
            return fetching ??= Task.Run(async () =>
            {
                try
                {
                    return await FetchOnceAsync();
                }
                finally
                {
                    lock (gate)
                    {
                        fetching = null;
                    }
                }
            });
        }
    }

    private async Task<bool> FetchOnceAsync()
    {
        try
        {
            Volatile.Write(ref signal, engine.Status.LineupRevision);
            var output = LiveTvSettings.Output;
            var known = Known;
            // The first answer of a run is taken whole, as the file may be older than what the engine knows of codecs.
            var revision = ReferenceEquals(known, fetched) && known.Output == output ? known.Revision : null;
            if (await api.GetChannelsAsync(output, revision, CancellationToken.None) is not { } answer)
            {
                return true;
            }

            await TakeAsync(known, new Lineup(output, answer.Revision, [.. (answer.Channels ?? []).Where(ChannelFile.IsWhole)]));
            return true;
        }
        catch (Exception error)
        {
            Report($"The channels could not be fetched, the last known ones are used: {error.Message}");
            return false;
        }
    }

    private async Task TakeAsync(Lineup known, Lineup answer)
    {
        var health = answer.Channels.Count == 0 && known.Channels.Count > 0 ? await api.GetHealthAsync(CancellationToken.None) : null;
        if (!Replaces(known, answer, health))
        {
            Report($"The engine has no channels but {health?.Sources ?? 0} sources; the last known {known.Channels.Count} channels are kept");
            return;
        }

        Volatile.Write(ref fetched, answer);
        Volatile.Write(ref reported, null);
        if (known.Revision != answer.Revision || known.Output != answer.Output || ReferenceEquals(known, saved.Value))
        {
            logger.LogInformation("The engine has {Count} channels", answer.Channels.Count);
            file.Save(answer);
        }
    }

    // A fault that lasts is told once.
    private void Report(string message)
    {
        if (Interlocked.Exchange(ref reported, message) != message)
        {
            logger.LogWarning("{Message}", message);
        }
    }
}
