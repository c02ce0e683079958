namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Answer of <c>/host/v1/health</c>.</summary>
public sealed record EngineHealth(
    string Version,
    bool Ready,
    IReadOnlyList<string>? Problems,
    string? LineupRevision,
    string? GuideRevision,
    int Channels,
    int Sources,
    int Streams);

/// <summary>One video track, in ffprobe's words. Bit rates are bits per second.</summary>
public sealed record VideoFacts(
    string Codec,
    int? Pid = null,
    string? Profile = null,
    int? Level = null,
    int? Width = null,
    int? Height = null,
    double? FrameRate = null,
    bool? Interlaced = null,
    int? BitDepth = null,
    string? SampleAspect = null,
    int? RefFrames = null,
    long? BitRate = null);

/// <summary>One audio track, in ffprobe's words.</summary>
public sealed record AudioFacts(
    string Codec,
    int? Pid = null,
    string? Profile = null,
    int? Channels = null,
    int? SampleRate = null,
    long? BitRate = null,
    string? Language = null);

/// <summary>One subtitle track.</summary>
public sealed record SubtitleFacts(string Codec, int? Pid = null, string? Language = null);

/// <summary>What a channel carries. Times are Unix milliseconds.</summary>
public sealed record CodecFacts(
    string? Container,
    IReadOnlyList<VideoFacts>? Video,
    IReadOnlyList<AudioFacts>? Audio,
    IReadOnlyList<SubtitleFacts>? Subtitles = null,
    long? BitRate = null,
    double ObservedAt = 0,
    string? By = null);

/// <summary>A channel of the lineup. <paramref name="Logo"/> is a path on the engine.</summary>
public sealed record EngineChannel(
    string Id,
    string Name,
    string? Number,
    bool Radio,
    IReadOnlyList<string>? Groups,
    string? Logo,
    CodecFacts? Facts);

/// <summary>Answer of <c>/host/v1/channels</c>.</summary>
public sealed record EngineLineup(string Revision, IReadOnlyList<EngineChannel> Channels);

/// <summary>Who watches: <paramref name="Key"/> is stable for a device, <paramref name="Label"/> is shown, <paramref name="User"/> counts for limits of users.</summary>
public sealed record EngineViewer(string Key, string Label, string? User = null);

/// <summary>Body of <c>POST /host/v1/streams</c>.</summary>
public sealed record OpenStreamRequest(
    string ChannelId,
    string? Output = null,
    EngineViewer? Viewer = null,
    IReadOnlyList<string>? Replaces = null,
    string? Purpose = null,
    int? WaitForFactsMs = null);

/// <summary>Answer of <c>POST /host/v1/streams</c>. <paramref name="Path"/> is a path on the engine.</summary>
public sealed record OpenedStream(string Id, string Path, CodecFacts? Facts, string? State, string? Reason);

/// <summary>An open stream. <paramref name="State"/> is opening, live, slate, idle or ended; times are Unix milliseconds.</summary>
public sealed record EngineStream(
    string Id,
    string ChannelId,
    string State,
    string? Reason,
    int Readers,
    double OpenedAt,
    double? LastReaderAt,
    CodecFacts? Facts,
    long? BitRate = null);

/// <summary>Answer of <c>GET /host/v1/streams</c>.</summary>
public sealed record EngineStreams(IReadOnlyList<EngineStream> Streams);

/// <summary>The viewers of one stream, as labels.</summary>
public sealed record StreamViewers(string Id, IReadOnlyList<string> Viewers);

/// <summary>What a device watched before it came back to a stream.</summary>
public sealed record StreamResume(IReadOnlyList<string> Replaces);

/// <summary>Body of <c>PUT /host/v1/viewers</c>.</summary>
public sealed record ViewersUpdate(IReadOnlyList<StreamViewers> Streams);

/// <summary>First line of <c>/host/v1/programmes</c>: the window in Unix seconds.</summary>
public sealed record GuideHeader(int Guide, string Revision, long FromUnix, long ToUnix);

/// <summary>A line with one channel's programmes, sorted by start.</summary>
public sealed record ChannelProgrammes(string ChannelId, IReadOnlyList<EngineProgramme> Programmes);

/// <summary>Last line of <c>/host/v1/programmes</c>; without it the answer is cut short.</summary>
public sealed record GuideEnd(bool End, int Channels, int Programmes);

/// <summary>A broadcast. Start and stop are Unix seconds, stars 0 to 10, <paramref name="Image"/> a path on the engine.</summary>
public sealed record EngineProgramme(
    string Id,
    long Start,
    long Stop,
    string Title,
    string? EpisodeTitle = null,
    string? Description = null,
    IReadOnlyList<string>? Genres = null,
    int? Season = null,
    int? Episode = null,
    int? Year = null,
    string? AirDate = null,
    string? Rating = null,
    double? Stars = null,
    bool IsMovie = false,
    bool IsSeries = false,
    bool IsSports = false,
    bool IsNews = false,
    bool IsKids = false,
    bool IsLive = false,
    bool IsPremiere = false,
    bool IsRepeat = false,
    bool IsNew = false,
    string? SeriesId = null,
    string? ShowId = null,
    IReadOnlyDictionary<string, string>? Ids = null,
    string? Image = null,
    bool? Hd = null,
    string? Etag = null);

/// <summary>A source of the engine, as far as tasks need it. <paramref name="Id"/> goes into the refresh call.</summary>
public sealed record EngineSource(string Id, string? Name, bool Enabled = true);

/// <summary>What a job does now; <paramref name="Total"/> is null while it is unknown.</summary>
public sealed record JobProgress(string? Stage, double Done, double? Total);

/// <summary>Why a job failed.</summary>
public sealed record JobError(string? Code, string? Message);

/// <summary>A refresh. <paramref name="State"/> is queued, running, succeeded, failed or cancelled.</summary>
public sealed record EngineJob(string Id, string? SourceId, string State, JobProgress? Progress, JobError? Error)
{
    /// <summary>Whether it has ended, well or not.</summary>
    public bool Ended => State is "succeeded" or "failed" or "cancelled";
}

/// <summary>Answer of a refresh call.</summary>
public sealed record JobReference(string JobId);

/// <summary>An RFC 9457 problem.</summary>
public sealed record EngineProblem(string? Title, string? Detail, string? Code);
