namespace MediaBrowser.Model.Session;

/// <summary>Why a stream is converted; only read as a number.</summary>
[Flags]
public enum TranscodeReason
{
    ContainerNotSupported = 1,
    VideoCodecNotSupported = 2,
    AudioCodecNotSupported = 4,
}

/// <summary>How a player gets its media.</summary>
public enum PlayMethod
{
    Transcode = 0,
    DirectStream = 1,
    DirectPlay = 2,
}

/// <summary>What a player reports of itself.</summary>
public class PlayerStateInfo
{
    public bool IsPaused { get; set; }

    public string? MediaSourceId { get; set; }

    public PlayMethod? PlayMethod { get; set; }

    public string? LiveStreamId { get; set; }
}
