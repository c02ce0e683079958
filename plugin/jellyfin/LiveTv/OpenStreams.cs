using System.Collections.Concurrent;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The live streams that the server holds open now.</summary>
internal sealed class OpenStreams
{
    private readonly ConcurrentDictionary<string, CoaxLiveStream> streams = new(StringComparer.Ordinal);

    public bool IsEmpty => streams.IsEmpty;

    public IReadOnlyList<CoaxLiveStream> All() => [.. streams.Values];

    public void Add(CoaxLiveStream stream) => streams[stream.UniqueId] = stream;

    public void Remove(CoaxLiveStream stream) => streams.TryRemove(stream.UniqueId, out _);
}
