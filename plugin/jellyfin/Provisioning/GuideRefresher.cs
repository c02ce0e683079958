using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.Guide;
using MediaBrowser.Model.Tasks;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Provisioning;

/// <summary>Starts the server's own guide refresh when the engine's lineup or guide is another than the server has.</summary>
public sealed class GuideRefresher
{
    private const string TaskKey = "RefreshGuide";

    /// <summary>Time in which a task that was queued begins, or is queued again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ITaskManager tasks;
    private readonly GuideStore guide;
    private readonly ILogger<GuideRefresher> logger;
    private (string? Lineup, string? Guide) seen;
    private (string? Lineup, string? Guide)? equal;
    private DateTime? changedAt;
    private DateTime startedAt;
    private int failures;

    /// <summary>Only remembers.</summary>
    public GuideRefresher(ITaskManager tasks, GuideStore guide, ILogger<GuideRefresher> logger)
    {
        this.tasks = tasks;
        this.guide = guide;
        this.logger = logger;
    }

    /// <summary>Takes notice of the engine's state. <paramref name="state"/> is what the server has.</summary>
    public void Look(EngineStatus engine, ProvisionedState state)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(state);
        if (engine.Phase != EnginePhase.Ready || engine.LineupRevision is null)
        {
            return;
        }

        var now = (engine.LineupRevision, engine.GuideRevision);
        if (now == (state.LineupRevision, state.GuideRevision) || now == equal)
        {
            changedAt = null;
        }
        else if (changedAt is null || now.LineupRevision != seen.Lineup || (now.GuideRevision != seen.Guide && now.GuideRevision != guide.Revision))
        {
            // A guide that a refresh has fetched already is no change after it.
            changedAt = DateTime.UtcNow;
        }

        seen = now;
    }

    /// <summary>
    /// Starts the server's task when it is time; gives what the server has now. <c>IsDue</c> tells whether to ask again soon.
    /// </summary>
    public async Task<(ProvisionedState State, bool IsDue)> StepAsync(ProvisionedState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (changedAt is null || Worker is not { } worker)
        {
            return (state, false);
        }

        var last = worker.LastExecutionResult is { } result
            ? new LastRefresh(result.StartTimeUtc, result.EndTimeUtc, result.Status == TaskCompletionStatus.Completed)
            : (LastRefresh?)null;
        switch (RefreshPlan.Next(DateTime.UtcNow, changedAt, worker.State != TaskState.Idle, last, failures))
        {
            case RefreshStep.Start when DateTime.UtcNow - startedAt < Patience:
                return (state, true);
            case RefreshStep.Start when await IsEqualAsync(state, cancellationToken):
                changedAt = null;
                return (state, false);
            case RefreshStep.Start:
                failures = last is { Completed: false } failed && startedAt != default && failed.End >= startedAt ? failures + 1 : 0;
                startedAt = DateTime.UtcNow;
                logger.LogInformation("The server's guide is refreshed, as the engine's channels or programmes have changed");
                tasks.QueueScheduledTask(worker.ScheduledTask, new TaskOptions());
                return (state, true);
            case RefreshStep.Done:
                changedAt = null;
                failures = 0;
                return (state with { LineupRevision = seen.Lineup, GuideRevision = guide.Revision ?? seen.Guide }, false);
            default:
                return (state, true);
        }
    }

    /// <summary>Starts a refresh, whatever has changed.</summary>
    public void Start()
    {
        if (Worker is { } worker)
        {
            tasks.QueueScheduledTask(worker.ScheduledTask, new TaskOptions());
        }
    }

    private IScheduledTaskWorker? Worker => tasks.ScheduledTasks.FirstOrDefault(task => task.ScheduledTask.Key == TaskKey);

    // Before the engine has made its guide anew it can only say that the guide may be another. The refresh that follows is served from this answer.
    private async Task<bool> IsEqualAsync(ProvisionedState state, CancellationToken cancellationToken)
    {
        if (seen.Lineup != state.LineupRevision)
        {
            return false;
        }

        await guide.BeginAsync(cancellationToken);
        if (guide.Revision is null || guide.Revision != state.GuideRevision)
        {
            return false;
        }

        equal = seen;
        return true;
    }
}
