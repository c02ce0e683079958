using Jellyfin.Plugin.Coax.LiveTv;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// Channels with little guide first: for each channel the server walks all programmes that it has stored so far, of whichever channel
/// (GuideManager.RefreshChannelsInternal). Nothing shows this order, as clients get channels by number and name.
/// </summary>
internal sealed class GuideOrder(GuideStore guide, ProgrammeLookUps lookUps) : IGuideOrder
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> BeginAsync(IReadOnlyList<string> channelIds, CancellationToken cancellationToken)
    {
        var sizeOf = await guide.SizesAsync(cancellationToken);
        IReadOnlyList<string> ordered = [.. channelIds.OrderBy(sizeOf)];
        lookUps.Begin([.. ordered.Select(ChannelIds.Of)]);
        return ordered;
    }
}
