using Jellyfin.Data.Enums;
using MediaBrowser.Model.Entities;
using MediaBrowser.Model.MediaInfo;
using MediaBrowser.Model.Session;

namespace MediaBrowser.Model.Dto;

/// <summary>A name and an id.</summary>
public class NameIdPair
{
    public string? Name { get; set; }

    public string? Id { get; set; }
}

/// <summary>A name and a value.</summary>
public class NameValuePair
{
    public NameValuePair()
    {
    }

    public NameValuePair(string name, string value)
    {
        Name = name;
        Value = value;
    }

    public string? Name { get; set; }

    public string? Value { get; set; }
}

/// <summary>How a source relates to others of its item.</summary>
public enum MediaSourceType
{
    Default = 0,
    Grouping = 1,
    Placeholder = 2,
}

/// <summary>A library item as clients see it; only what tells a live channel.</summary>
public class BaseItemDto
{
    public string? Name { get; set; }

    public Guid Id { get; set; }

    public Guid? ChannelId { get; set; }

    public string? ChannelName { get; set; }

    public BaseItemKind Type { get; set; }
}

/// <summary>One way to play an item.</summary>
public class MediaSourceInfo
{
    public MediaProtocol Protocol { get; set; }

    public string? Id { get; set; }

    public string? Path { get; set; }

    public string? EncoderPath { get; set; }

    public MediaProtocol? EncoderProtocol { get; set; }

    public MediaSourceType Type { get; set; }

    public string? Container { get; set; }

    public long? Size { get; set; }

    public string? Name { get; set; }

    public bool IsRemote { get; set; }

    public string? ETag { get; set; }

    public long? RunTimeTicks { get; set; }

    public bool ReadAtNativeFramerate { get; set; }

    public bool IgnoreDts { get; set; }

    public bool IgnoreIndex { get; set; }

    public bool GenPtsInput { get; set; }

    public bool SupportsTranscoding { get; set; } = true;

    public bool SupportsDirectStream { get; set; } = true;

    public bool SupportsDirectPlay { get; set; } = true;

    public bool IsInfiniteStream { get; set; }

    public bool UseMostCompatibleTranscodingProfile { get; set; }

    public bool RequiresOpening { get; set; }

    public string? OpenToken { get; set; }

    public bool RequiresClosing { get; set; }

    public string? LiveStreamId { get; set; }

    public int? BufferMs { get; set; }

    public bool RequiresLooping { get; set; }

    public bool SupportsProbing { get; set; } = true;

    public VideoType? VideoType { get; set; }

    public IsoType? IsoType { get; set; }

    public Video3DFormat? Video3DFormat { get; set; }

    public IReadOnlyList<MediaStream> MediaStreams { get; set; } = [];

    public IReadOnlyList<MediaAttachment> MediaAttachments { get; set; } = [];

    public string[]? Formats { get; set; } = [];

    public int? Bitrate { get; set; }

    public int? FallbackMaxStreamingBitrate { get; set; }

    public TransportStreamTimestamp? Timestamp { get; set; }

    public Dictionary<string, string>? RequiredHttpHeaders { get; set; } = [];

    public string? TranscodingUrl { get; set; }

    public MediaStreamProtocol TranscodingSubProtocol { get; set; }

    public string? TranscodingContainer { get; set; }

    public int? AnalyzeDurationMs { get; set; }

    public TranscodeReason TranscodeReasons { get; set; }

    public AudioIndexSource DefaultAudioIndexSource { get; set; }

    public int? DefaultAudioStreamIndex { get; set; }

    public int? DefaultSubtitleStreamIndex { get; set; }

    public bool HasSegments { get; set; }
}
