using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Holds the engine's status, tells changes in their order on a pool thread, and lets others wait for the engine.</summary>
internal sealed class StatusBoard(ILogger logger)
{
    private readonly Lock gate = new();
    private readonly Channel<EngineStatus> changes = Channel.CreateUnbounded<EngineStatus>(new UnboundedChannelOptions { SingleReader = true });
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EngineStatus current = new(EnginePhase.Starting, EngineMessages.Starting, null, null, null);

    /// <summary>The last status.</summary>
    public EngineStatus Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>Sets the status; nothing happens when it is the same.</summary>
    public void Set(EngineStatus status)
    {
        lock (gate)
        {
            if (status == current)
            {
                return;
            }

            if (status.Phase != current.Phase || (status.Phase == EnginePhase.Failed && status.Message != current.Message))
            {
                logger.Log(LevelOf(status), "{Message:l}", status.Message);
            }

            current = status;
            changes.Writer.TryWrite(status);
            changed.TrySetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static LogLevel LevelOf(EngineStatus status) => status.Phase switch
    {
        EnginePhase.Failed => LogLevel.Error,
        EnginePhase.Restarting when status.Message != EngineMessages.RestartAsked => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    /// <summary>Changes phase and message, and keeps what is known of the engine.</summary>
    public void Set(EnginePhase phase, string message) => Set(Current with { Phase = phase, Message = message });

    /// <summary>Tells each change until cancelled. Handlers that throw are logged.</summary>
    public async Task TellAsync(Action<EngineStatus> tell, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var status in changes.Reader.ReadAllAsync(cancellationToken))
            {
                try
                {
                    tell(status);
                }
                catch (Exception error)
                {
                    logger.LogError(error, "A change of the engine's state was not handled");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>Waits until the engine is ready; false when the time has passed or it was stopped.</summary>
    public async Task<bool> WaitUntilReadyAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(atMost);
        try
        {
            while (true)
            {
                Task next;
                lock (gate)
                {
                    if (current.Phase is EnginePhase.Ready or EnginePhase.Stopped)
                    {
                        return current.Phase == EnginePhase.Ready;
                    }

                    next = changed.Task;
                }

                await next.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
