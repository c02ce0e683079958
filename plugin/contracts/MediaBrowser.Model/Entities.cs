using MediaBrowser.Model.Dlna;

namespace MediaBrowser.Model.Entities;

/// <summary>What an elementary stream carries.</summary>
public enum MediaStreamType
{
    Audio = 0,
    Video = 1,
    Subtitle = 2,
    EmbeddedImage = 3,
    Data = 4,
    Lyric = 5,
}

/// <summary>The form of a video item.</summary>
public enum VideoType
{
    VideoFile = 0,
    Iso = 1,
    Dvd = 2,
    BluRay = 3,
}

/// <summary>The kind of a disc image.</summary>
public enum IsoType
{
    Dvd = 0,
    BluRay = 1,
}

/// <summary>How two eyes' pictures are packed.</summary>
public enum Video3DFormat
{
    HalfSideBySide = 0,
    FullSideBySide = 1,
    FullTopAndBottom = 2,
    HalfTopAndBottom = 3,
    MVC = 4,
}

/// <summary>Kinds of pictures.</summary>
public enum ImageType
{
    Primary = 0,
    Art = 1,
    Backdrop = 2,
    Banner = 3,
    Logo = 4,
    Thumb = 5,
}

/// <summary>A file inside a container.</summary>
public class MediaAttachment
{
    public int Index { get; set; }
}

/// <summary>One elementary stream of a source.</summary>
public class MediaStream
{
    public string? Codec { get; set; }

    public string? CodecTag { get; set; }

    public string? Language { get; set; }

    public string? ColorRange { get; set; }

    public string? ColorSpace { get; set; }

    public string? ColorTransfer { get; set; }

    public string? ColorPrimaries { get; set; }

    public string? Comment { get; set; }

    public string? TimeBase { get; set; }

    public string? CodecTimeBase { get; set; }

    public string? Title { get; set; }

    public string? NalLengthSize { get; set; }

    public bool IsInterlaced { get; set; }

    public bool? IsAVC { get; set; }

    public string? ChannelLayout { get; set; }

    public int? BitRate { get; set; }

    public int? BitDepth { get; set; }

    public int? RefFrames { get; set; }

    public int? PacketLength { get; set; }

    public int? Channels { get; set; }

    public int? SampleRate { get; set; }

    public bool IsDefault { get; set; }

    public bool IsForced { get; set; }

    public bool IsHearingImpaired { get; set; }

    public int? Height { get; set; }

    public int? Width { get; set; }

    public float? AverageFrameRate { get; set; }

    public float? RealFrameRate { get; set; }

    public string? Profile { get; set; }

    public MediaStreamType Type { get; set; }

    public string? AspectRatio { get; set; }

    public int Index { get; set; }

    public int? Score { get; set; }

    public bool IsExternal { get; set; }

    public SubtitleDeliveryMethod? DeliveryMethod { get; set; }

    public string? DeliveryUrl { get; set; }

    public bool? IsExternalUrl { get; set; }

    public bool SupportsExternalStream { get; set; }

    public string? Path { get; set; }

    public string? PixelFormat { get; set; }

    public double? Level { get; set; }

    public bool? IsAnamorphic { get; set; }
}
