namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The order in which a guide refresh of the server is given the channels.</summary>
public interface IGuideOrder
{
    /// <summary>These channels, by the engine's ids, in the order that is cheapest for the server. A refresh begins with this call; throws only when cancelled.</summary>
    Task<IReadOnlyList<string>> BeginAsync(IReadOnlyList<string> channelIds, CancellationToken cancellationToken);
}
