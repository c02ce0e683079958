using MediaBrowser.Common.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Finds, starts, watches and ends the engine.</summary>
public sealed class EngineSupervisor(IApplicationPaths paths, ILogger<EngineSupervisor> logger) : IHostedService, IEngine
{
    /// <inheritdoc />
    public event EventHandler<EngineStatus>? StatusChanged;

    /// <inheritdoc />
    public EngineStatus Status { get; private set; } = new(EnginePhase.Starting, "The engine is being started.", null, null, null);

    /// <inheritdoc />
    public Uri? BaseAddress { get; private set; }

    /// <inheritdoc />
    public Task<bool> WaitUntilReadyAsync(TimeSpan atMost, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <inheritdoc />
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan deadline, CancellationToken cancellationToken) =>
        throw new EngineUnavailableException(Status.Message);

    /// <inheritdoc />
    public Task RestartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the engine for good.</summary>
    public Task EndAsync() => StopAsync(CancellationToken.None);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        logger.LogDebug("Data folder: {Path}", paths.DataPath);
        StatusChanged?.Invoke(this, Status);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
