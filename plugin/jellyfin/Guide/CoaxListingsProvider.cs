using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Controller;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.LiveTv;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>The guide as the host asks for it: channel by channel, from a file that is fetched once per refresh.</summary>
internal sealed class CoaxListingsProvider : IListingsProvider
{
    /// <summary>Times that a refresh waits for pictures; those that come later are given in a later refresh.</summary>
    private static readonly TimeSpan LogoPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PicturePatience = TimeSpan.FromSeconds(3);

    private readonly GuideStore guide;
    private readonly PictureFiles pictures;
    private readonly ChannelStore channels;
    private readonly ProgrammeLookUps lookUps;
    private readonly IServerApplicationHost host;

    /// <summary>Only remembers.</summary>
    public CoaxListingsProvider(GuideStore guide, PictureFiles pictures, ChannelStore channels, ProgrammeLookUps lookUps, IServerApplicationHost host)
    {
        this.lookUps = lookUps;
        this.guide = guide;
        this.pictures = pictures;
        this.channels = channels;
        this.host = host;
    }

    /// <inheritdoc />
    public string Name => "Coax";

    /// <inheritdoc />
    public string Type => "coax";

    /// <summary>Whether the host forgets the etags of programmes (before 12).</summary>
    private bool ForgetsEtags => host.ApplicationVersion.Major < 12;

    /// <summary>
    /// All channels under the ids of the tuner: the host matches by id first. A refresh of the host begins with this call. Logos are files, which
    /// the host takes over from here: 12 would download those with an address anew in every refresh, as it compares the address with its copy's path.
    /// </summary>
    public async Task<List<ChannelInfo>> GetChannels(ListingsProviderInfo info, CancellationToken cancellationToken)
    {
        await guide.BeginAsync(cancellationToken);
        var known = channels.Known.Channels;
        var files = await pictures.GetAsync(known.Select(channel => channel.Logo).OfType<string>(), LogoPatience, cancellationToken);
        return [.. known.Select(channel => new ChannelInfo
        {
            Id = ChannelIds.Of(channel.Id),
            Name = channel.Name,
            Number = channel.Number,
            ImageUrl = channel.Logo is { } logo ? files.GetValueOrDefault(logo) : null,
        })];
    }

    /// <summary>What overlaps the time span. Not our channel: none. <see cref="OperationCanceledException"/> when there is no guide to tell from.</summary>
    public async Task<IEnumerable<ProgramInfo>> GetProgramsAsync(
        ListingsProviderInfo info, string channelId, DateTime startDateUtc, DateTime endDateUtc, CancellationToken cancellationToken)
    {
        if (ChannelIds.TryRead(channelId) is not { } id)
        {
            return [];
        }

        var from = Unix(startDateUtc);
        var to = Unix(endDateUtc);
        var known = new HashSet<string>(StringComparer.Ordinal);
        // Two programmes of one id would take the whole channel's guide down.
        var programmes = (await guide.ReadAsync(id, cancellationToken))
            .Where(programme => programme.Stop > from && programme.Start < to && programme.Stop > programme.Start && known.Add(programme.Id))
            .ToList();
        var files = await pictures.GetAsync(programmes.Select(programme => programme.Image).OfType<string>(), PicturePatience, cancellationToken);
        lookUps.Expect();
        return [.. programmes.Select(programme => ProgrammeMapper.Map(programme, programme.Image is { } image ? files.GetValueOrDefault(image) : null, ForgetsEtags))];
    }

    /// <inheritdoc />
    public Task Validate(ListingsProviderInfo info, bool validateLogin, bool validateListings) => Task.CompletedTask;

    /// <inheritdoc />
    public Task<List<NameIdPair>> GetLineups(ListingsProviderInfo info, string country, string location) =>
        Task.FromResult(new List<NameIdPair> { new() { Id = Type, Name = Name } });

    private static long Unix(DateTime utc) => new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).ToUnixTimeSeconds();
}
