using MediaBrowser.Controller.Library;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.LiveTv;

namespace MediaBrowser.Controller.LiveTv;

/// <summary>A kind of tuner. The host asks every tuner host for every channel; a stranger's channel is answered with FileNotFoundException.</summary>
public interface ITunerHost
{
    string Name { get; }

    string Type { get; }

    bool IsSupported { get; }

    Task<List<ChannelInfo>> GetChannels(bool enableCache, CancellationToken cancellationToken);

    Task<ILiveStream> GetChannelStream(string channelId, string streamId, IList<ILiveStream> currentLiveStreams, CancellationToken cancellationToken);

    Task<List<MediaSourceInfo>> GetChannelStreamMediaSources(string channelId, CancellationToken cancellationToken);

    Task<List<TunerHostInfo>> DiscoverDevices(int discoveryDurationMs, CancellationToken cancellationToken);
}

/// <summary>A tuner host that checks its settings when they are saved.</summary>
public interface IConfigurableTunerHost
{
    Task Validate(TunerHostInfo info);
}

/// <summary>A kind of guide. <see cref="OperationCanceledException"/> ends a refresh without deleting anything.</summary>
public interface IListingsProvider
{
    string Name { get; }

    string Type { get; }

    Task<IEnumerable<ProgramInfo>> GetProgramsAsync(ListingsProviderInfo info, string channelId, DateTime startDateUtc, DateTime endDateUtc, CancellationToken cancellationToken);

    Task Validate(ListingsProviderInfo info, bool validateLogin, bool validateListings);

    Task<List<NameIdPair>> GetLineups(ListingsProviderInfo info, string country, string location);

    Task<List<ChannelInfo>> GetChannels(ListingsProviderInfo info, CancellationToken cancellationToken);
}

/// <summary>The server's tuners. (12 adds DeleteTunerHost.)</summary>
public interface ITunerHostManager
{
    IReadOnlyList<ITunerHost> TunerHosts { get; }

    IEnumerable<NameIdPair> GetTunerHostTypes();

    Task<TunerHostInfo> SaveTunerHost(TunerHostInfo info, bool dataSourceChanged = true);

    IAsyncEnumerable<TunerHostInfo> DiscoverTuners(bool newDevicesOnly);

    Task ScanForTunerDeviceChanges(CancellationToken cancellationToken);
}

/// <summary>The server's guide providers.</summary>
public interface IListingsManager
{
    Task<ListingsProviderInfo> SaveListingProvider(ListingsProviderInfo info, bool validateLogin, bool validateListings);

    void DeleteListingsProvider(string? id);

    Task<List<NameIdPair>> GetLineups(string? providerType, string? providerId, string? country, string? location);

    Task<IEnumerable<ProgramInfo>> GetProgramsAsync(ChannelInfo channel, DateTime startDateUtc, DateTime endDateUtc, CancellationToken cancellationToken);

    Task AddProviderMetadata(IList<ChannelInfo> channels, bool enableCache, CancellationToken cancellationToken);

    Task<ChannelMappingOptionsDto> GetChannelMappingOptions(string? providerId);

    Task<TunerChannelMapping> SetChannelMapping(string providerId, string tunerChannelNumber, string providerChannelNumber);
}

/// <summary>The server's guide.</summary>
public interface IGuideManager
{
    GuideInfo GetGuideInfo();

    Task RefreshGuide(IProgress<double> progress, CancellationToken cancellationToken);
}

/// <summary>A tuner has no free stream.</summary>
public class LiveTvConflictException : Exception
{
    public LiveTvConflictException()
    {
    }

    public LiveTvConflictException(string message)
        : base(message)
    {
    }

    public LiveTvConflictException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A channel as a tuner host or a guide gives it.</summary>
public class ChannelInfo
{
    public string? Name { get; set; }

    public string? Number { get; set; }

    public string? Id { get; set; }

    public string? Path { get; set; }

    public string? TunerChannelId { get; set; }

    public string? CallSign { get; set; }

    public string? TunerHostId { get; set; }

    public ChannelType ChannelType { get; set; }

    public string? ChannelGroup { get; set; }

    public string? ImagePath { get; set; }

    public string? ImageUrl { get; set; }

    public bool? HasImage { get; set; }

    public bool? IsFavorite { get; set; }

    public bool? IsHD { get; set; }

    public string? AudioCodec { get; set; }

    public string? VideoCodec { get; set; }

    public string[]? Tags { get; set; }
}

/// <summary>A broadcast as a guide gives it. The host changes its ids in place.</summary>
public class ProgramInfo
{
    public string? Id { get; set; }

    public string? ChannelId { get; set; }

    public string? Name { get; set; }

    public string? OfficialRating { get; set; }

    public string? Overview { get; set; }

    public string? ShortOverview { get; set; }

    public DateTime StartDate { get; set; }

    public DateTime EndDate { get; set; }

    public List<string> Genres { get; set; } = [];

    public DateTime? OriginalAirDate { get; set; }

    public bool? IsHD { get; set; }

    public bool? Is3D { get; set; }

    public ProgramAudio? Audio { get; set; }

    public float? CommunityRating { get; set; }

    public bool IsRepeat { get; set; }

    public bool IsSubjectToBlackout { get; set; }

    public string? EpisodeTitle { get; set; }

    public string? ImagePath { get; set; }

    public string? ImageUrl { get; set; }

    public string? ThumbImageUrl { get; set; }

    public string? LogoImageUrl { get; set; }

    public string? BackdropImageUrl { get; set; }

    public bool? HasImage { get; set; }

    public bool IsMovie { get; set; }

    public bool IsSports { get; set; }

    public bool IsSeries { get; set; }

    public bool IsLive { get; set; }

    public bool IsNews { get; set; }

    public bool IsKids { get; set; }

    public bool IsEducational { get; set; }

    public bool IsPremiere { get; set; }

    public int? ProductionYear { get; set; }

    public string? HomePageUrl { get; set; }

    public string? SeriesId { get; set; }

    public string? ShowId { get; set; }

    public int? SeasonNumber { get; set; }

    public int? EpisodeNumber { get; set; }

    public string? Etag { get; set; }

    public Dictionary<string, string?> ProviderIds { get; set; } = [];

    public Dictionary<string, string?> SeriesProviderIds { get; set; } = [];
}
