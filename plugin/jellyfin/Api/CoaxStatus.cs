namespace Jellyfin.Plugin.Coax.Api;

/// <summary>What the settings page shows at its top.</summary>
public sealed record CoaxStatus(string Phase, string Message, string? EngineVersion, string? PluginVersion, bool HasTuner, bool HasGuide);
