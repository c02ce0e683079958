using System.Globalization;
using System.Net;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller.Library;
using MediaBrowser.Model.Dto;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>What a <see cref="CoaxLiveStream"/> is of and for.</summary>
internal sealed record LiveStreamPlan(
    string ChannelId,
    string? Name,
    bool Radio,
    string TunerHostId,
    Asking Asking,
    IReadOnlyList<string> Replaces,
    CodecFacts? Facts,
    string PublicPathFormat,
    bool DirectPlay);

/// <summary>What live streams need to do their work.</summary>
internal sealed record LiveStreamServices(
    IEngine Engine, EngineApi Api, OpenStreams Streams, Asker Asker, ILogger Log, CancellationToken Stopping = default);

/// <summary>
/// A channel that the server plays. The server shares it among its viewers and counts them in <see cref="ConsumerCount"/>, often wrongly, so
/// that what is in use is told by readers alone. When the engine has started anew, the channel is opened there again under the same
/// <see cref="UniqueId"/>.
/// </summary>
internal sealed class CoaxLiveStream : ILiveStream, IDirectStreamProvider
{
    /// <summary>Closing holds the server's lock for all openings: longer than this it goes on without it.</summary>
    private static readonly TimeSpan CloseWait = TimeSpan.FromMilliseconds(400);

    private readonly LiveStreamPlan plan;
    private readonly LiveStreamServices services;
    private readonly Lock gate = new();
    private OpenedStream? current;
    private Task<OpenedStream>? reopening;
    private MediaSourceInfo? source;
    private EngineViewer? viewer;
    private int consumers = 1;
    private int readers;
    private bool closed;

    /// <summary>With <paramref name="prepared"/>, opening costs no call.</summary>
    public CoaxLiveStream(LiveStreamPlan plan, OpenedStream? prepared, LiveStreamServices services)
    {
        this.plan = plan;
        this.services = services;
        current = prepared;
        viewer = plan.Asking.Viewer;
        UniqueId = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    }

    /// <inheritdoc />
    public int ConsumerCount
    {
        get => Volatile.Read(ref consumers);
        set
        {
            if (value > Interlocked.Exchange(ref consumers, value))
            {
                OnJoined();
            }
        }
    }

    /// <inheritdoc />
    public string OriginalStreamId { get; set; } = string.Empty;

    /// <inheritdoc />
    public string TunerHostId => plan.TunerHostId;

    /// <inheritdoc />
    public bool EnableStreamSharing => true;

    /// <inheritdoc />
    public MediaSourceInfo MediaSource
    {
        get => source ?? throw new InvalidOperationException("The stream is not open.");
        set => source = value;
    }

    /// <inheritdoc />
    public string UniqueId { get; }

    public string ChannelId => plan.ChannelId;

    /// <summary>Its name in the engine, which changes when the engine starts anew.</summary>
    public string? EngineId => Volatile.Read(ref current)?.Id;

    /// <summary>The one device that has it, or null when there is none or more than one have had it.</summary>
    public EngineViewer? Viewer => Volatile.Read(ref viewer);

    public bool IsRecording => plan.Asking.IsRecording;

    public bool IsClosed => Volatile.Read(ref closed);

    /// <summary>Readers in this process that are not disposed.</summary>
    public int Readers => Volatile.Read(ref readers);

    /// <summary>Milliseconds of the monotonic clock.</summary>
    public long OpenedAt { get; private set; }

    /// <summary>Time without a byte after which a reader gives up. A recording that breaks off is a new file, so it has more.</summary>
    public TimeSpan Patience => IsRecording ? TimeSpan.FromMinutes(3) : TimeSpan.FromSeconds(30);

    /// <summary>
    /// Tells the engine. Returns before the provider has answered. <see cref="FileNotFoundException"/> when the engine knows no such channel,
    /// <see cref="EngineUnavailableException"/> when it does not answer.
    /// </summary>
    public async Task Open(CancellationToken openCancellationToken)
    {
        if (source is not null)
        {
            return;
        }

        var opened = current;
        if (opened is null)
        {
            try
            {
                opened = await services.Api.OpenStreamAsync(RequestWith(plan.Replaces), openCancellationToken);
            }
            catch (EngineProblemException problem) when (problem.Status == HttpStatusCode.NotFound)
            {
                throw new FileNotFoundException($"Coax has no channel {plan.ChannelId}.", problem);
            }
        }

        Volatile.Write(ref current, opened);
        OpenedAt = Environment.TickCount64;
        source = MediaSourceFactory.Opened(
            plan.ChannelId, plan.Name, plan.Radio, opened.Facts ?? plan.Facts, plan.DirectPlay,
            string.Format(CultureInfo.InvariantCulture, plan.PublicPathFormat, UniqueId), AddressOf(opened));
        services.Streams.Add(this);
    }

    /// <summary>Lets the engine have the stream back. Never throws, waits little, and may be called twice or without <see cref="Open"/>.</summary>
    public async Task Close()
    {
        OpenedStream? last;
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            Volatile.Write(ref closed, true);
            last = current;
        }

        services.Streams.Remove(this);
        if (last is not null)
        {
            await Task.WhenAny(ReleaseAsync(last.Id), Task.Delay(CloseWait));
        }
    }

    /// <inheritdoc />
    public Stream GetStream()
    {
        Interlocked.Increment(ref readers);
        // A recording is ended by the server itself, which keeps what it has.
        return new LiveStreamReader(this, services.Engine, () => Interlocked.Decrement(ref readers), IsRecording ? CancellationToken.None : services.Stopping);
    }

    /// <summary>Takes what the engine has learned, for those who join later.</summary>
    public void Learn(CodecFacts facts)
    {
        if (plan.Facts is null && source is { } opened)
        {
            MediaSourceFactory.Describe(opened, facts, plan.Radio);
        }
    }

    /// <summary>
    /// The stream in the engine as it is now: opened anew when <paramref name="lostId"/>, which the engine does not know any more, is still
    /// the last one. One call serves all who ask at the same time.
    /// </summary>
    public async Task<OpenedStream> RenewAsync(string? lostId, CancellationToken cancellationToken)
    {
        Task<OpenedStream> renewal;
        lock (gate)
        {
            if (current is { } present && present.Id != lostId)
            {
                return present;
            }

            ObjectDisposedException.ThrowIf(closed, this);
            renewal = reopening ??= ReopenAsync();
        }

        return await renewal.WaitAsync(cancellationToken);
    }

    /// <summary>The stream in the engine, which the engine may have forgotten.</summary>
    public OpenedStream? Current => Volatile.Read(ref current);

    /// <inheritdoc />
    public void Dispose() => _ = Close();

    private OpenStreamRequest RequestWith(IReadOnlyList<string>? replaces) =>
        new(plan.ChannelId, LiveTvSettings.Output, viewer, replaces is { Count: > 0 } ? replaces : null, plan.Asking.Purpose);

    private string AddressOf(OpenedStream opened) =>
        EngineAddress.Of(services.Engine, opened.Path) ?? throw new EngineUnavailableException(services.Engine.Status.Message);

    private async Task<OpenedStream> ReopenAsync()
    {
        await Task.Yield();
        try
        {
            var opened = await services.Api.OpenStreamAsync(RequestWith(null), CancellationToken.None);
            bool late;
            lock (gate)
            {
                late = closed;
                if (!late)
                {
                    Volatile.Write(ref current, opened);
                }
            }

            if (late)
            {
                await ReleaseAsync(opened.Id);
                throw new ObjectDisposedException(nameof(CoaxLiveStream));
            }

            MediaSource.EncoderPath = AddressOf(opened);
            services.Log.LogInformation("Channel {Channel} was opened again, as the engine did not have its stream any more", plan.Name ?? plan.ChannelId);
            return opened;
        }
        finally
        {
            lock (gate)
            {
                reopening = null;
            }
        }
    }

    private async Task ReleaseAsync(string id)
    {
        try
        {
            await services.Api.CloseStreamAsync(id, CancellationToken.None);
        }
        catch (Exception error)
        {
            // Without a reader the engine lets the stream go by itself.
            services.Log.LogDebug(error, "The engine was not told that channel {Channel} is closed", plan.Name ?? plan.ChannelId);
        }
    }

    // The server counts a second viewer inside of that viewer's request. From then on the stream is no single device's.
    private void OnJoined()
    {
        var owner = viewer;
        if (owner is null)
        {
            return;
        }

        if (services.Asker.Current().Viewer?.Key != owner.Key)
        {
            Volatile.Write(ref viewer, null);
        }
        else if (EngineId is { } id)
        {
            // It went to another channel and has come back without a word: the server shares the old stream and opens nothing.
            _ = ResumeAsync(id, services.Streams.OfDevice(owner, this));
        }
    }

    private async Task ResumeAsync(string id, IReadOnlyList<string> others)
    {
        try
        {
            await services.Api.ResumeStreamAsync(id, others, CancellationToken.None);
        }
        catch (Exception error)
        {
            services.Log.LogDebug(error, "The engine was not told that channel {Channel} is watched again", plan.Name ?? plan.ChannelId);
        }
    }
}
