using MediaBrowser.Controller.Library;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.Session;
using Microsoft.Extensions.Logging;

namespace MediaBrowser.Controller.Session;

/// <summary>A device that is connected; made by the host only.</summary>
public sealed class SessionInfo(ISessionManager sessionManager, ILogger logger) : IAsyncDisposable
{
    public PlayerStateInfo? PlayState { get; set; } = new();

    public string? RemoteEndPoint { get; set; }

    public string? Id { get; set; }

    public Guid UserId { get; set; }

    public string? UserName { get; set; }

    public string? Client { get; set; }

    public DateTime LastActivityDate { get; set; }

    public DateTime LastPlaybackCheckIn { get; set; }

    public string? DeviceName { get; set; }

    public BaseItemDto? NowPlayingItem { get; set; }

    public string? DeviceId { get; set; }

    public bool IsActive => sessionManager is not null && logger is not null && LastActivityDate > DateTime.UtcNow.AddMinutes(-10);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A session that changed.</summary>
public class SessionEventArgs : EventArgs
{
    public SessionInfo? SessionInfo { get; set; }
}

/// <summary>All connected devices.</summary>
public interface ISessionManager
{
    event EventHandler<PlaybackProgressEventArgs> PlaybackStart;

    event EventHandler<PlaybackProgressEventArgs> PlaybackProgress;

    event EventHandler<PlaybackStopEventArgs> PlaybackStopped;

    event EventHandler<SessionEventArgs> SessionStarted;

    event EventHandler<SessionEventArgs> SessionEnded;

    IEnumerable<SessionInfo> Sessions { get; }
}
