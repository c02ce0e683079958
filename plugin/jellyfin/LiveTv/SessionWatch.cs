using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller.Session;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>A session as far as it tells what is watched.</summary>
internal readonly record struct WatchingSession(string? UserName, string? DeviceName, string? DeviceId, string? LiveStreamId, string? MediaSourceId);

/// <summary>An open stream as far as it tells who watches.</summary>
internal readonly record struct WatchedStream(string EngineId, string? LiveStreamId, string? MediaSourceId, string? OpenedBy, bool IsRecording);

/// <summary>Tells the engine who watches, from the server's sessions, for its list of streams.</summary>
internal sealed class SessionWatch(OpenStreams streams, EngineApi api, ISessionManager sessions, ILogger<SessionWatch> logger)
    : BackgroundLoop(TimeSpan.FromSeconds(5), logger)
{
    private const string Recording = "Recording";

    private string told = string.Empty;

    /// <summary>The labels of each stream: sessions that report it, else the device that opened it.</summary>
    public static IReadOnlyList<StreamViewers> Viewers(IEnumerable<WatchedStream> open, IReadOnlyList<WatchingSession> sessions) =>
    [
        .. open.Select(stream =>
        {
            var labels = sessions.Where(session => Watches(session, stream)).Select(session => Asker.LabelOf(session.UserName, session.DeviceName)).ToList();
            if (labels.Count == 0 && stream.OpenedBy is { } opener)
            {
                labels.Add(opener);
            }

            if (stream.IsRecording)
            {
                labels.Add(Recording);
            }

            return new StreamViewers(stream.EngineId, [.. labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
        }).OrderBy(viewers => viewers.Id, StringComparer.Ordinal),
    ];

    /// <inheritdoc />
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        if (streams.IsEmpty)
        {
            told = string.Empty;
            return;
        }

        var open = streams.All().Where(stream => stream.EngineId is not null).Select(stream => new WatchedStream(
            stream.EngineId!, stream.MediaSource.LiveStreamId, stream.MediaSource.Id, stream.Viewer?.Label, stream.IsRecording));
        var watching = sessions.Sessions.Select(session => new WatchingSession(
            session.UserName, session.DeviceName, session.DeviceId, session.PlayState?.LiveStreamId, session.PlayState?.MediaSourceId)).ToList();
        var viewers = Viewers(open, watching);
        var text = string.Join('\n', viewers.Select(stream => $"{stream.Id} {string.Join('\t', stream.Viewers)}"));
        if (text != told)
        {
            await api.PutViewersAsync(viewers, cancellationToken);
            told = text;
        }
    }

    // Players report the live stream, the source, or neither.
    private static bool Watches(WatchingSession session, WatchedStream stream) =>
        !string.IsNullOrEmpty(session.LiveStreamId)
            ? session.LiveStreamId == stream.LiveStreamId
            : !string.IsNullOrEmpty(session.MediaSourceId) && session.MediaSourceId == stream.MediaSourceId;
}
