using MediaBrowser.Controller.Entities;
using MediaBrowser.Controller.Session;
using MediaBrowser.Model.Dto;

namespace MediaBrowser.Controller.Library;

/// <summary>An opened live stream. The host counts its viewers in <see cref="ConsumerCount"/>, and calls <see cref="Close"/> when none is left.</summary>
public interface ILiveStream : IDisposable
{
    int ConsumerCount { get; set; }

    string OriginalStreamId { get; set; }

    string TunerHostId { get; }

    bool EnableStreamSharing { get; }

    MediaSourceInfo MediaSource { get; set; }

    string UniqueId { get; }

    Task Open(CancellationToken openCancellationToken);

    Task Close();

    Stream GetStream();
}

/// <summary>A live stream whose bytes the host reads in process.</summary>
public interface IDirectStreamProvider
{
    Stream GetStream();
}

/// <summary>Gives sources of an item; found by an export scan.</summary>
public interface IMediaSourceProvider
{
    Task<IEnumerable<MediaSourceInfo>> GetMediaSources(BaseItem item, CancellationToken cancellationToken);

    Task<ILiveStream> OpenMediaSource(string openToken, List<ILiveStream> currentLiveStreams, CancellationToken cancellationToken);
}

/// <summary>The host's table of open streams.</summary>
public interface IMediaSourceManager
{
    ILiveStream GetLiveStreamInfo(string id);

    ILiveStream GetLiveStreamInfoByUniqueId(string uniqueId);

    Task CloseLiveStream(string id);
}

/// <summary>A player's report.</summary>
public class PlaybackProgressEventArgs : EventArgs
{
    public BaseItem? Item { get; set; }

    public string? MediaSourceId { get; set; }

    public bool IsPaused { get; set; }

    public string? DeviceId { get; set; }

    public string? DeviceName { get; set; }

    public string? ClientName { get; set; }

    public string? PlaySessionId { get; set; }

    public SessionInfo? Session { get; set; }
}

/// <summary>A player's last report.</summary>
public class PlaybackStopEventArgs : PlaybackProgressEventArgs
{
    public bool PlayedToCompletion { get; set; }
}
