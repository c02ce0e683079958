using System.Collections.Concurrent;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The live streams that the server holds open now.</summary>
internal sealed class OpenStreams
{
    private readonly ConcurrentDictionary<string, CoaxLiveStream> streams = new(StringComparer.Ordinal);

    public bool IsEmpty => streams.IsEmpty;

    public IReadOnlyList<CoaxLiveStream> All() => [.. streams.Values];

    /// <summary>The engine's names of what this device has open besides <paramref name="but"/>; a recording is nobody's.</summary>
    public IReadOnlyList<string> OfDevice(EngineViewer? viewer, CoaxLiveStream? but = null) =>
        viewer is null
            ? []
            : [.. streams.Values.Where(stream => stream != but && !stream.IsRecording && stream.Viewer?.Key == viewer.Key)
                .Select(stream => stream.EngineId).OfType<string>()];

    public void Add(CoaxLiveStream stream) => streams[stream.UniqueId] = stream;

    public void Remove(CoaxLiveStream stream) => streams.TryRemove(stream.UniqueId, out _);
}
