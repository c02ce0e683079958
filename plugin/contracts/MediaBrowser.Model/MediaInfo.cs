namespace MediaBrowser.Model.MediaInfo;

/// <summary>How a source is reached.</summary>
public enum MediaProtocol
{
    File = 0,
    Http = 1,
    Rtmp = 2,
    Rtsp = 3,
    Udp = 4,
    Rtp = 5,
    Ftp = 6,
}

/// <summary>Whether transport packets carry a time stamp.</summary>
public enum TransportStreamTimestamp
{
    None = 0,
    Zero = 1,
    Valid = 2,
}

/// <summary>Why an audio track is the default one.</summary>
[Flags]
public enum AudioIndexSource
{
    None = 0,
    Default = 1,
    Language = 2,
    User = 4,
}
