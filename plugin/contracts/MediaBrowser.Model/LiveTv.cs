using MediaBrowser.Model.Dto;

namespace MediaBrowser.Model.LiveTv;

/// <summary>Television or radio.</summary>
public enum ChannelType
{
    TV = 0,
    Radio = 1,
}

/// <summary>A broadcast's sound.</summary>
public enum ProgramAudio
{
    Mono = 0,
    Stereo = 1,
    Dolby = 2,
    DolbyDigital = 3,
    Thx = 4,
    Atmos = 5,
}

/// <summary>A tuner in the server's live TV settings.</summary>
public class TunerHostInfo
{
    public string? Id { get; set; }

    public string? Url { get; set; }

    public string? Type { get; set; }

    public string? DeviceId { get; set; }

    public string? FriendlyName { get; set; }

    public bool ImportFavoritesOnly { get; set; }

    public bool AllowHWTranscoding { get; set; } = true;

    public bool AllowFmp4TranscodingContainer { get; set; }

    public bool AllowStreamSharing { get; set; } = true;

    public int FallbackMaxStreamingBitrate { get; set; } = 30_000_000;

    public bool EnableStreamLooping { get; set; }

    public string? Source { get; set; }

    public int TunerCount { get; set; }

    public string? UserAgent { get; set; }

    public bool IgnoreDts { get; set; } = true;

    public bool ReadAtNativeFramerate { get; set; }
}

/// <summary>A guide provider in the server's live TV settings.</summary>
public class ListingsProviderInfo
{
    public string? Id { get; set; }

    public string? Type { get; set; }

    public string? Username { get; set; }

    public string? Password { get; set; }

    public string? ListingsId { get; set; }

    public string? ZipCode { get; set; }

    public string? Country { get; set; }

    public string? Path { get; set; }

    public string[]? EnabledTuners { get; set; } = [];

    public bool EnableAllTuners { get; set; } = true;

    public string[]? NewsCategories { get; set; }

    public string[]? SportsCategories { get; set; }

    public string[]? KidsCategories { get; set; }

    public string[]? MovieCategories { get; set; }

    public NameValuePair[]? ChannelMappings { get; set; } = [];

    public string? MoviePrefix { get; set; }

    public string? PreferredLanguage { get; set; }

    public string? UserAgent { get; set; }
}

/// <summary>The server's live TV settings, kept under the key "livetv".</summary>
public class LiveTvOptions
{
    public int? GuideDays { get; set; }

    public string? RecordingPath { get; set; }

    public string? MovieRecordingPath { get; set; }

    public string? SeriesRecordingPath { get; set; }

    public bool EnableRecordingSubfolders { get; set; }

    public bool EnableOriginalAudioWithEncodedRecordings { get; set; }

    public TunerHostInfo[] TunerHosts { get; set; } = [];

    public ListingsProviderInfo[] ListingProviders { get; set; } = [];

    public int PrePaddingSeconds { get; set; }

    public int PostPaddingSeconds { get; set; }

    public string[] MediaLocationsCreated { get; set; } = [];

    public string? RecordingPostProcessor { get; set; }

    public string? RecordingPostProcessorArguments { get; set; }

    public bool SaveRecordingNFO { get; set; } = true;

    public bool SaveRecordingImages { get; set; } = true;
}

/// <summary>A tuner's channel and the guide channel it takes its programmes from.</summary>
public class TunerChannelMapping
{
    public string? Name { get; set; }

    public string? ProviderChannelName { get; set; }

    public string? ProviderChannelId { get; set; }

    public string? Id { get; set; }
}

/// <summary>What the channel mapper shows.</summary>
public class ChannelMappingOptionsDto
{
    public IReadOnlyList<TunerChannelMapping> TunerChannels { get; set; } = [];

    public IReadOnlyList<NameIdPair> ProviderChannels { get; set; } = [];

    public IReadOnlyList<NameValuePair> Mappings { get; set; } = [];

    public string? ProviderName { get; set; }
}

/// <summary>The days that the guide covers.</summary>
public class GuideInfo
{
    public DateTime StartDate { get; set; }

    public DateTime EndDate { get; set; }
}
