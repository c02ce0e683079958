using Jellyfin.Data.Events;

namespace MediaBrowser.Model.Tasks;

/// <summary>A task of the dashboard's task list; found by an export scan.</summary>
public interface IScheduledTask
{
    string Name { get; }

    string Key { get; }

    string Description { get; }

    string Category { get; }

    Task ExecuteAsync(IProgress<double> progress, CancellationToken cancellationToken);

    IEnumerable<TaskTriggerInfo> GetDefaultTriggers();
}

/// <summary>Whether a task is shown, runs and is logged.</summary>
public interface IConfigurableScheduledTask
{
    bool IsHidden { get; }

    bool IsEnabled { get; }

    bool IsLogged { get; }
}

/// <summary>When a task runs by itself.</summary>
public class TaskTriggerInfo
{
    public TaskTriggerInfoType Type { get; set; }

    public long? TimeOfDayTicks { get; set; }

    public long? IntervalTicks { get; set; }

    public DayOfWeek? DayOfWeek { get; set; }

    public long? MaxRuntimeTicks { get; set; }
}

/// <summary>Kinds of triggers; a string before 10.11.</summary>
public enum TaskTriggerInfoType
{
    DailyTrigger = 0,
    WeeklyTrigger = 1,
    IntervalTrigger = 2,
    StartupTrigger = 3,
}

/// <summary>Limits of one run.</summary>
public class TaskOptions
{
    public long? MaxRuntimeTicks { get; set; }
}

/// <summary>What a task does now.</summary>
public enum TaskState
{
    Idle = 0,
    Cancelling = 1,
    Running = 2,
}

/// <summary>How a run ended.</summary>
public enum TaskCompletionStatus
{
    Completed = 0,
    Failed = 1,
    Cancelled = 2,
    Aborted = 3,
}

/// <summary>The last run of a task.</summary>
public class TaskResult
{
    public DateTime StartTimeUtc { get; set; }

    public DateTime EndTimeUtc { get; set; }

    public TaskCompletionStatus Status { get; set; }

    public string? Name { get; set; }

    public string? Key { get; set; }

    public string? Id { get; set; }

    public string? ErrorMessage { get; set; }

    public string? LongErrorMessage { get; set; }
}

/// <summary>A run that ended.</summary>
public class TaskCompletionEventArgs(IScheduledTaskWorker task, TaskResult result) : EventArgs
{
    public IScheduledTaskWorker Task { get; } = task;

    public TaskResult Result { get; } = result;
}

/// <summary>The host's runner of one task.</summary>
public interface IScheduledTaskWorker : IDisposable
{
    event EventHandler<GenericEventArgs<double>> TaskProgress;

    IScheduledTask ScheduledTask { get; }

    TaskResult? LastExecutionResult { get; }

    string Name { get; }

    string Description { get; }

    string Category { get; }

    TaskState State { get; }

    double? CurrentProgress { get; }

    IReadOnlyList<TaskTriggerInfo> Triggers { get; set; }

    string Id { get; }

    void ReloadTriggerEvents();
}

/// <summary>All tasks of the server.</summary>
public interface ITaskManager : IDisposable
{
    event EventHandler<GenericEventArgs<IScheduledTaskWorker>> TaskExecuting;

    event EventHandler<TaskCompletionEventArgs> TaskCompleted;

    IReadOnlyList<IScheduledTaskWorker> ScheduledTasks { get; }

    void QueueScheduledTask(IScheduledTask task, TaskOptions options);

    void Cancel(IScheduledTaskWorker task);

    Task Execute(IScheduledTaskWorker task, TaskOptions options);
}
