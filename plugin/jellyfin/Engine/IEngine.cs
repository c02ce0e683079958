namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Where the engine is in its life.</summary>
public enum EnginePhase
{
    /// <summary>Being looked for or started.</summary>
    Starting,

    /// <summary>Answers.</summary>
    Ready,

    /// <summary>Was ready, and is being started again.</summary>
    Restarting,

    /// <summary>Does not run; the message says what to do. It is tried again.</summary>
    Failed,

    /// <summary>Ended with the server.</summary>
    Stopped,
}

/// <summary>The engine's state. <paramref name="Message"/> is for the administrator.</summary>
public sealed record EngineStatus(EnginePhase Phase, string Message, string? Version, string? LineupRevision, string? GuideRevision);

/// <summary>The engine: one program on this machine (or an address), watched and kept alive.</summary>
public interface IEngine
{
    /// <summary>The last known state.</summary>
    EngineStatus Status { get; }

    /// <summary>Raised on a pool thread for each change of phase or revision. Handlers never throw.</summary>
    event EventHandler<EngineStatus>? StatusChanged;

    /// <summary>Where the engine answers, or null while there is none.</summary>
    Uri? BaseAddress { get; }

    /// <summary>Waits until the engine is ready; false when <paramref name="atMost"/> has passed.</summary>
    Task<bool> WaitUntilReadyAsync(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>
    /// Sends a request with a relative address; base address and token are added.
    /// <see cref="EngineUnavailableException"/> (its message says what to do) when there is no engine, or no headers come within <paramref name="deadline"/>.
    /// </summary>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan deadline, CancellationToken cancellationToken);

    /// <summary>Ends the engine and starts it again.</summary>
    Task RestartAsync(CancellationToken cancellationToken);
}
