namespace Jellyfin.Plugin.Coax.Database;

/// <summary>
/// What the settings page shows of the server's database: whether the option can be set here, is set, is the one of this plugin, waits for a restart;
/// which it is; and what there is to say.
/// </summary>
public sealed record DatabaseCacheState(bool Supported, bool On, bool Ours, bool NeedsRestart, string? Option, string? Message);
