namespace Jellyfin.Data.Enums;

/// <summary>How a converted stream is delivered.</summary>
public enum MediaStreamProtocol
{
    http = 0,
    hls = 1,
}

/// <summary>The kind of a library item; only those that live TV meets have a name here.</summary>
public enum BaseItemKind
{
    LiveTvChannel = 14,
    LiveTvProgram = 15,
    Program = 25,
    Recording = 26,
    TvChannel = 31,
    TvProgram = 32,
}
