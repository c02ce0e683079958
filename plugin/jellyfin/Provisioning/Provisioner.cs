using System.Threading.Channels;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Common.Configuration;
using MediaBrowser.Controller;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Provisioning;

/// <summary>
/// Makes Coax known to the server: once the server has started and the engine is ready, a tuner and a guide are entered into its live TV
/// settings; after that the server's guide follows the engine's.
/// </summary>
public sealed class Provisioner : IHostedService, IRegistrations, IDisposable
{
    private static readonly TimeSpan StartUpPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DuePoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdlePoll = TimeSpan.FromSeconds(30);

    private readonly IServerApplicationHost host;
    private readonly CoaxFolders folders;
    private readonly IConfigurationManager configuration;
    private readonly IEngine engine;
    private readonly LiveTvEntries entries;
    private readonly GuideRefresher refresher;
    private readonly ILogger<Provisioner> logger;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource ending = new();
    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Task running = Task.CompletedTask;
    private ProvisionedState? state;
    private volatile bool removed;

    /// <summary>Only remembers.</summary>
    public Provisioner(
        IServerApplicationHost host,
        CoaxFolders folders,
        IConfigurationManager configuration,
        IEngine engine,
        LiveTvEntries entries,
        GuideRefresher refresher,
        ILogger<Provisioner> logger)
    {
        this.host = host;
        this.folders = folders;
        this.configuration = configuration;
        this.engine = engine;
        this.entries = entries;
        this.refresher = refresher;
        this.logger = logger;
    }

    /// <summary>Whether the server has a tuner of Coax. False also when an administrator deleted it: <see cref="ProvisionAsync"/> makes it again.</summary>
    public bool HasTuner => entries.HasTuner;

    /// <summary>Whether the server has a guide of Coax.</summary>
    public bool HasGuide => entries.HasGuide;

    private string StatePath => Path.Combine(folders.State, "provisioned.json");

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        engine.StatusChanged += OnStatus;
        configuration.NamedConfigurationUpdated += OnConfiguration;
        running = Task.Run(() => RunAsync(ending.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        engine.StatusChanged -= OnStatus;
        configuration.NamedConfigurationUpdated -= OnConfiguration;
        await ending.CancelAsync();
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Makes the tuner and the guide that are missing, also if they were deleted before. <see cref="InvalidOperationException"/> while the server starts.</summary>
    public async Task ProvisionAsync(CancellationToken cancellationToken)
    {
        if (!host.CoreStartupHasCompleted)
        {
            throw new InvalidOperationException("The server is still starting. Try again in a moment.");
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            removed = false;
            await CreateAsync();
        }
        finally
        {
            gate.Release();
        }

        wakes.Writer.TryWrite(true);
    }

    /// <inheritdoc />
    public void Remove()
    {
        removed = true;
        var entered = false;
        try
        {
            entered = gate.Wait(TimeSpan.FromSeconds(2));
            if (entries.Remove())
            {
                refresher.Start();
            }

            File.Delete(StatePath);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The tuner and the guide of Coax could not be removed from the server's settings");
        }
        finally
        {
            if (entered)
            {
                gate.Release();
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        ending.Dispose();
        gate.Dispose();
    }

    private void OnStatus(object? sender, EngineStatus status) => wakes.Writer.TryWrite(true);

    private void OnConfiguration(object? sender, ConfigurationUpdateEventArgs change)
    {
        if (LiveTvEntries.IsKey(change.Key))
        {
            wakes.Writer.TryWrite(true);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var complaint = string.Empty;
        try
        {
            while (!host.CoreStartupHasCompleted)
            {
                await Task.Delay(StartUpPoll, cancellationToken);
            }

            while (true)
            {
                var pause = IdlePoll;
                try
                {
                    pause = await StepAsync(cancellationToken) ? DuePoll : IdlePoll;
                    complaint = string.Empty;
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    if (complaint != error.Message)
                    {
                        logger.LogWarning(error, "Coax could not be entered into the server's live TV settings, or its guide not refreshed; it is tried again");
                        complaint = error.Message;
                    }
                }

                await WaitAsync(pause, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(pause);
        try
        {
            await wakes.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time is up.
        }
    }

    /// <summary>True when there is something to look after soon.</summary>
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (removed)
            {
                return false;
            }

            state ??= ProvisionedState.Load(StatePath);
            var status = engine.Status;
            refresher.Look(status, state);
            if (!state.Done && status.Phase == EnginePhase.Ready && Settings.Provision)
            {
                await CreateAsync();
            }

            if (!entries.HasTuner)
            {
                return false;
            }

            if (await entries.RebindAsync())
            {
                logger.LogInformation("The guide of Coax is bound to its tuner again");
            }

            var before = state;
            (state, var isDue) = await refresher.StepAsync(state, cancellationToken);
            if (state != before)
            {
                state.Save(StatePath);
            }

            return isDue;
        }
        finally
        {
            gate.Release();
        }
    }

    private static PluginConfiguration Settings => Plugin.Instance?.Configuration ?? new PluginConfiguration();

    private async Task CreateAsync()
    {
        if (await entries.CreateAsync(Settings.GuideDays))
        {
            logger.LogInformation("Coax is a tuner and a guide of this server now");
        }

        state = (state ?? ProvisionedState.Load(StatePath)) with { Done = true };
        state.Save(StatePath);
    }
}
