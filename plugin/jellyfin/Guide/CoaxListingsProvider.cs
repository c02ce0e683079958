using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Controller;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.LiveTv;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>The guide as the host asks for it: channel by channel, from a file that is fetched once per refresh.</summary>
internal sealed class CoaxListingsProvider : IListingsProvider
{
    private readonly GuideStore guide;
    private readonly ChannelStore channels;
    private readonly IServerApplicationHost host;

    /// <summary>Only remembers.</summary>
    public CoaxListingsProvider(GuideStore guide, ChannelStore channels, IServerApplicationHost host)
    {
        this.guide = guide;
        this.channels = channels;
        this.host = host;
    }

    /// <inheritdoc />
    public string Name => "Coax";

    /// <inheritdoc />
    public string Type => "coax";

    /// <summary>Whether the host forgets the etags of programmes (before 12).</summary>
    private bool ForgetsEtags => host.ApplicationVersion.Major < 12;

    /// <summary>All channels under the ids of the tuner: the host matches by id first. A refresh of the host begins with this call.</summary>
    public async Task<List<ChannelInfo>> GetChannels(ListingsProviderInfo info, CancellationToken cancellationToken)
    {
        await guide.BeginAsync(cancellationToken);
        return [.. channels.Known.Channels.Select(channel => new ChannelInfo { Id = ChannelIds.Of(channel.Id), Name = channel.Name, Number = channel.Number })];
    }

    /// <summary>What overlaps the time span. Not our channel: none. <see cref="OperationCanceledException"/> when there is no guide to tell from.</summary>
    public async Task<IEnumerable<ProgramInfo>> GetProgramsAsync(
        ListingsProviderInfo info, string channelId, DateTime startDateUtc, DateTime endDateUtc, CancellationToken cancellationToken)
    {
        if (ChannelIds.TryRead(channelId) is not { } id)
        {
            return [];
        }

        var from = new DateTimeOffset(startDateUtc, TimeSpan.Zero).ToUnixTimeSeconds();
        var to = new DateTimeOffset(endDateUtc, TimeSpan.Zero).ToUnixTimeSeconds();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<ProgramInfo>();
        foreach (var programme in await guide.ReadAsync(id, cancellationToken))
        {
            // Two programmes of one id would take the whole channel's guide down.
            if (programme.Stop > from && programme.Start < to && programme.Stop > programme.Start && known.Add(programme.Id))
            {
                result.Add(ProgrammeMapper.Map(programme, null, ForgetsEtags));
            }
        }

        return result;
    }

    /// <inheritdoc />
    public Task Validate(ListingsProviderInfo info, bool validateLogin, bool validateListings) => Task.CompletedTask;

    /// <inheritdoc />
    public Task<List<NameIdPair>> GetLineups(ListingsProviderInfo info, string country, string location) =>
        Task.FromResult(new List<NameIdPair> { new() { Id = Type, Name = Name } });
}
