using MediaBrowser.Controller.Library;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.Dto;

namespace Coax.Harness;

/// <summary>
/// Opens and closes live streams as the host does: DefaultLiveTvService (sharing, first tuner host that takes the channel) below
/// MediaSourceManager (one lock for every open and close of the server, consumers counted, Close at zero). Stands behind IMediaSourceManager.
/// </summary>
public sealed class LiveStreams : IAsyncDisposable
{
    private readonly Func<IReadOnlyList<ITunerHost>> _tuners;
    private readonly Dictionary<string, ILiveStream> _open = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _lock = new(1, 1);

    internal LiveStreams(Func<IReadOnlyList<ITunerHost>> tuners) => _tuners = tuners;

    /// <summary>What is open, as GetLiveStreamInfo finds it.</summary>
    internal IReadOnlyList<ILiveStream> Open
    {
        get
        {
            lock (_open)
            {
                return [.. _open.Values];
            }
        }
    }

    /// <summary>What PlaybackInfo asks first, outside the lock: the sources of a channel, or none.</summary>
    internal async Task<List<MediaSourceInfo>> SourcesAsync(string channelId, CancellationToken cancellationToken = default)
    {
        foreach (var tuner in _tuners())
        {
            var sources = await tuner.GetChannelStreamMediaSources(channelId, cancellationToken).ConfigureAwait(false);
            if (sources.Count > 0)
            {
                return sources;
            }
        }

        return [];
    }

    /// <summary>Sources, then the open below the lock. The stream's <c>MediaSource.LiveStreamId</c> is what closes it.</summary>
    internal async Task<ILiveStream> OpenAsync(string channelId, CancellationToken cancellationToken = default)
    {
        var sources = await SourcesAsync(channelId, cancellationToken).ConfigureAwait(false);
        Expect.True(sources.Count > 0, $"channel {channelId} has a media source");
        return await OpenSourceAsync(channelId, sources[0].Id, cancellationToken).ConfigureAwait(false);
    }

    internal async Task<ILiveStream> OpenSourceAsync(string channelId, string? streamId, CancellationToken cancellationToken = default)
    {
        await _lock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var current = Open.ToList();
            var shared = current.FirstOrDefault(stream => string.Equals(stream.OriginalStreamId, streamId, StringComparison.OrdinalIgnoreCase));
            if (shared is { EnableStreamSharing: true })
            {
                shared.ConsumerCount++;
                return shared;
            }

            var stream = await FirstAsync(channelId, streamId, current, cancellationToken).ConfigureAwait(false);
            stream.OriginalStreamId = streamId!;
            stream.MediaSource.RequiresClosing = true;
            stream.MediaSource.LiveStreamId = "harness_" + stream.MediaSource.Id;
            lock (_open)
            {
                _open[stream.MediaSource.LiveStreamId] = stream;
            }

            return stream;
        }
        finally
        {
            _lock.Release();
        }
    }

    public async Task CloseLiveStream(string id)
    {
        await _lock.WaitAsync().ConfigureAwait(false);
        try
        {
            ILiveStream? stream;
            lock (_open)
            {
                if (!_open.TryGetValue(id, out stream) || --stream.ConsumerCount > 0)
                {
                    return;
                }

                _open.Remove(id);
            }

            await stream.Close().ConfigureAwait(false);
        }
        finally
        {
            _lock.Release();
        }
    }

    public ILiveStream? GetLiveStreamInfo(string id)
    {
        lock (_open)
        {
            return _open.GetValueOrDefault(id);
        }
    }

    public ILiveStream? GetLiveStreamInfoByUniqueId(string uniqueId) => Open.FirstOrDefault(stream => stream.UniqueId == uniqueId);

    /// <summary>As at shutdown: one decrement each.</summary>
    public async ValueTask DisposeAsync()
    {
        List<string> ids;
        lock (_open)
        {
            ids = [.. _open.Keys];
        }

        foreach (var id in ids)
        {
            await CloseLiveStream(id).ConfigureAwait(false);
        }

        _lock.Dispose();
    }

    private async Task<ILiveStream> FirstAsync(string channelId, string? streamId, List<ILiveStream> current, CancellationToken cancellationToken)
    {
        foreach (var tuner in _tuners())
        {
            try
            {
                return await tuner.GetChannelStream(channelId, streamId!, current, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is FileNotFoundException or OperationCanceledException)
            {
                // Only these two pass the question on to the next tuner host.
            }
        }

        throw new KeyNotFoundException($"no tuner host has channel {channelId}");
    }
}
