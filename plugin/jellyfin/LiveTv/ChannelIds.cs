namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The server's ids of channels: Coax's own behind a prefix, as the server asks each tuner for everybody's channels.</summary>
public static class ChannelIds
{
    private const string Prefix = "coax_";

    /// <summary>The id that the server knows a channel by.</summary>
    public static string Of(string channelId) => Prefix + channelId;

    /// <summary>The channel's id in Coax, or null when the channel is not Coax's.</summary>
    public static string? TryRead(string? hostId) =>
        hostId is not null && hostId.Length > Prefix.Length && hostId.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? hostId[Prefix.Length..] : null;
}
