using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller.Library;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>
/// Closes live streams that the server leaks: it closes a stream only when the player reports its end, and a player that vanished never
/// does. Also opens streams again that an engine has lost by starting anew, so that the server's next ffmpeg finds them.
/// </summary>
internal sealed class StreamReaper : BackgroundLoop
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(30);

    private readonly OpenStreams streams;
    private readonly EngineApi api;
    private readonly IMediaSourceManager sources;
    private readonly ILogger<StreamReaper> logger;
    private readonly LeakWatch watch = new(Patience);
    private EnginePhase phase = EnginePhase.Starting;

    /// <summary>Only remembers.</summary>
    public StreamReaper(IEngine engine, OpenStreams streams, EngineApi api, IMediaSourceManager sources, ILogger<StreamReaper> logger)
        : base(Period, logger)
    {
        this.streams = streams;
        this.api = api;
        this.sources = sources;
        this.logger = logger;
        engine.StatusChanged += OnStatusChanged;
    }

    /// <inheritdoc />
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var open = streams.All();
        if (open.Count == 0)
        {
            watch.Miss();
            return;
        }

        IReadOnlyList<EngineStream> told;
        try
        {
            told = await api.ListStreamsAsync(cancellationToken);
        }
        catch
        {
            watch.Miss();
            throw;
        }

        var byId = told.ToDictionary(stream => stream.Id, StringComparer.Ordinal);
        var now = TimeSpan.FromMilliseconds(Environment.TickCount64);
        var counts = new List<ReaderCount>(open.Count);
        foreach (var stream in open)
        {
            var known = stream.EngineId is { } id ? byId.GetValueOrDefault(id) : null;
            counts.Add(new ReaderCount(
                stream.UniqueId, now - TimeSpan.FromMilliseconds(stream.OpenedAt), known?.Readers ?? 0, stream.Readers, known?.LastReaderAt));
            if (known is null)
            {
                await RenewAsync(stream, cancellationToken);
            }
            else if (known.Facts is { } facts)
            {
                stream.Learn(facts);
            }
        }

        foreach (var id in watch.Observe(now, counts))
        {
            if (open.FirstOrDefault(stream => stream.UniqueId == id) is { } leaked)
            {
                await ReapAsync(leaked);
            }
        }
    }

    // An engine that is back has none of the streams; the server's next ffmpeg may start at any moment.
    private void OnStatusChanged(object? sender, EngineStatus status)
    {
        var before = phase;
        phase = status.Phase;
        if (phase == EnginePhase.Ready && before != EnginePhase.Ready && !streams.IsEmpty)
        {
            Wake();
        }
    }

    private async Task RenewAsync(CoaxLiveStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.RenewAsync(stream.EngineId, cancellationToken);
        }
        catch (Exception error) when (error is EngineUnavailableException or EngineProblemException or ObjectDisposedException)
        {
            logger.LogDebug(error, "Channel {Channel} could not be opened again", stream.ChannelId);
        }
    }

    private async Task ReapAsync(CoaxLiveStream stream)
    {
        logger.LogInformation(
            "Channel {Channel} has had no reader for {Seconds} s, and nobody reported its end: it is closed", stream.MediaSource.Name ?? stream.ChannelId, Patience.TotalSeconds);
        // Each call takes one viewer away. No more calls than there are viewers now: one who joins meanwhile keeps the stream.
        for (var left = stream.ConsumerCount; left > 0 && !stream.IsClosed; left--)
        {
            var id = stream.MediaSource.LiveStreamId;
            if (string.IsNullOrEmpty(id) || !ReferenceEquals(sources.GetLiveStreamInfo(id), stream))
            {
                break;
            }

            await sources.CloseLiveStream(id).WaitAsync(CloseWait);
        }

        // The server does not know it (any more).
        if (!stream.IsClosed && (stream.MediaSource.LiveStreamId is not { Length: > 0 } last || !ReferenceEquals(sources.GetLiveStreamInfo(last), stream)))
        {
            await stream.Close();
        }
    }
}
