using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>Absolute addresses of what the engine names by path. An engine that runs elsewhere may be behind a path of its own.</summary>
internal static class EngineAddress
{
    /// <summary>The address, or null while there is no engine.</summary>
    public static string? Of(IEngine engine, string path) =>
        engine.BaseAddress is { } address ? $"{address.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}" : null;
}
