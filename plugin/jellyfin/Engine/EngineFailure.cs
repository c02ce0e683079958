namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>The engine can't be started, for a reason that the administrator is told.</summary>
internal sealed class EngineFailure(string message, TimeSpan retryAfter = default, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The next try waits at least this long.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
