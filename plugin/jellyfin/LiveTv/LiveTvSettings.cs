namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The plugin's settings that live TV needs. The plugin object may be missing when the server failed to make it: then the defaults hold.</summary>
internal static class LiveTvSettings
{
    /// <summary>The engine's output, or null for its first.</summary>
    public static string? Output => Plugin.Instance?.Configuration.OutputId is { Length: > 0 } output ? output : null;

    public static bool DirectPlay => Plugin.Instance?.Configuration.DirectPlay ?? false;

    public static bool GroupTags => Plugin.Instance?.Configuration.GroupTags ?? false;
}
