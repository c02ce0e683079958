using System.Diagnostics;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller;
using MediaBrowser.Controller.Library;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.LiveTv;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The engine's channels as a tuner of the server. It is asked first for every channel of the server, whoever's it is.</summary>
internal sealed class CoaxTunerHost(
    ChannelStore store,
    TunerEntry entry,
    PreparedStreams prepared,
    IGuideOrder order,
    LiveStreamServices services,
    IServerApplicationHost host,
    ILogger<CoaxTunerHost> logger) : ITunerHost, IConfigurableTunerHost
{
    /// <summary>While the engine comes back, a viewer rather waits than fails. Not spent under the server's lock.</summary>
    private static readonly TimeSpan RestartWait = TimeSpan.FromMilliseconds(2500);

    /// <inheritdoc />
    public string Name => "Coax";

    /// <inheritdoc />
    public string Type => TunerEntry.Type;

    /// <inheritdoc />
    public bool IsSupported => true;

    /// <inheritdoc />
    public async Task<List<ChannelInfo>> GetChannels(bool enableCache, CancellationToken cancellationToken)
    {
        // A channel without a tuner's id would end the whole guide refresh (ListingsManager.IsListingProviderEnabledForTuner).
        if (entry.Find() is not { } tunerHostId)
        {
            return [];
        }

        var lineup = enableCache && store.Known.Channels.Count > 0 ? store.Known : await store.FreshAsync(cancellationToken);
        var channels = new List<ChannelInfo>(lineup.Channels.Count);
        foreach (var channel in enableCache ? lineup.Channels : await ForRefreshAsync(lineup, cancellationToken))
        {
            channels.Add(new ChannelInfo
            {
                Id = ChannelIds.Of(channel.Id),
                Name = channel.Name,
                Number = channel.Number,
                TunerHostId = tunerHostId,
                TunerChannelId = channel.Id,
                ChannelType = channel.Radio ? ChannelType.Radio : ChannelType.TV,
                ChannelGroup = channel.Groups is { Count: > 0 } groups ? groups[0] : null,
                // Groups as tags can be filtered by, and blocked in a user's parental control. Null leaves a channel's tags alone; others than it has,
                // to which the server itself adds "Kids", have it saved once more in each refresh (GuideManager.GetChannel).
                Tags = LiveTvSettings.GroupTags ? [.. channel.Groups ?? []] : null,
                ImageUrl = channel.Logo is { Length: > 0 } logo ? EngineAddress.Of(services.Engine, logo) : null,
            });
        }

        return channels;
    }

    /// <inheritdoc />
    public async Task<List<MediaSourceInfo>> GetChannelStreamMediaSources(string channelId, CancellationToken cancellationToken)
    {
        if (ChannelIds.TryRead(channelId) is not { } id)
        {
            return [];
        }

        var lineup = store.Known;
        var channel = lineup.Find(id);
        if (channel is null && lineup.Channels.Count > 0)
        {
            return [];
        }

        if (services.Engine.Status.Phase is EnginePhase.Starting or EnginePhase.Restarting)
        {
            await services.Engine.WaitUntilReadyAsync(RestartWait, cancellationToken);
        }

        var facts = store.FactsOf(id) ?? await FirstFactsAsync(id, cancellationToken);
        return [MediaSourceFactory.Unopened(id, channel?.Name, channel?.Radio ?? false, facts, LiveTvSettings.DirectPlay)];
    }

    /// <inheritdoc />
    public async Task<ILiveStream> GetChannelStream(
        string channelId, string streamId, IList<ILiveStream> currentLiveStreams, CancellationToken cancellationToken)
    {
        if (ChannelIds.TryRead(channelId) is not { } id)
        {
            throw new FileNotFoundException($"{channelId} is not a channel of Coax.");
        }

        var clock = Stopwatch.StartNew();
        var channel = store.Known.Find(id);
        var asking = services.Asker.Current();
        var plan = new LiveStreamPlan(
            id,
            channel?.Name,
            channel?.Radio ?? false,
            entry.Find() ?? string.Empty,
            asking,
            ReplacedBy(asking.Viewer),
            store.FactsOf(id),
            host.GetApiUrlForLocalAccess(null, false).TrimEnd('/') + "/LiveTv/LiveStreamFiles/{0}/stream.ts",
            LiveTvSettings.DirectPlay);
        var stream = new CoaxLiveStream(plan, prepared.Take(id), services);
        try
        {
            await stream.Open(cancellationToken);
        }
        catch
        {
            stream.Dispose();
            throw;
        }

        logger.LogDebug(
            "Channel {Channel} is open for {Viewer} after {Milliseconds:0.0} ms", channel?.Name ?? id, asking.Viewer?.Label ?? asking.Purpose, clock.Elapsed.TotalMilliseconds);
        return stream;
    }

    /// <inheritdoc />
    public Task<List<TunerHostInfo>> DiscoverDevices(int discoveryDurationMs, CancellationToken cancellationToken) => Task.FromResult<List<TunerHostInfo>>([]);

    /// <summary>There is nothing to check. The dashboard's form leaves the name out, which its list shows.</summary>
    public Task Validate(TunerHostInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        if (string.IsNullOrWhiteSpace(info.FriendlyName))
        {
            info.FriendlyName = Name;
        }

        return Task.CompletedTask;
    }

    private async Task<IEnumerable<EngineChannel>> ForRefreshAsync(Lineup lineup, CancellationToken cancellationToken) =>
        (await order.BeginAsync([.. lineup.Channels.Select(channel => channel.Id)], cancellationToken)).Select(lineup.Find).OfType<EngineChannel>();

    // A device that opens its next channel has not reported the end of its last one yet; it needs no second connection for that. How many the
    // server counts does not matter: a device that comes back to a channel whose end it never reported is counted twice.
    private IReadOnlyList<string> ReplacedBy(EngineViewer? viewer) => services.Streams.OfDevice(viewer);

    private async Task<CodecFacts?> FirstFactsAsync(string id, CancellationToken cancellationToken)
    {
        if (services.Engine.Status.Phase != EnginePhase.Ready)
        {
            return null;
        }

        try
        {
            var asking = services.Asker.Current();
            var request = new OpenStreamRequest(id, LiveTvSettings.Output, asking.Viewer, ReplacedBy(asking.Viewer), asking.Purpose);
            var opened = await prepared.PrepareAsync(request, cancellationToken);
            store.Learn(id, opened.Facts);
            return opened.Facts;
        }
        catch (Exception error) when (error is EngineUnavailableException or EngineProblemException)
        {
            logger.LogDebug(error, "Channel {Channel} could not be opened ahead", id);
            return null;
        }
    }
}
