namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>Stands in for the plugin's settings where its parts are checked by themselves.</summary>
internal static class LiveTvSettings
{
    public static string? Output => null;

    public static bool DirectPlay => false;

    public static bool GroupTags { get; set; }
}
