using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>A hosted service that does something every few seconds. Starting returns at once; what goes wrong is logged once until it changes.</summary>
internal abstract class BackgroundLoop(TimeSpan period, ILogger logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim wake = new(0);
    private Task loop = Task.CompletedTask;
    private string? reported;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        loop = Task.Run(LoopAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await Task.WhenAny(loop, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
        wake.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins the next round now. Never throws.</summary>
    protected void Wake()
    {
        if (!stopping.IsCancellationRequested && wake.CurrentCount == 0)
        {
            wake.Release();
        }
    }

    /// <summary>One round. May throw.</summary>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                await wake.WaitAsync(period, stopping.Token);
                try
                {
                    await RunAsync(stopping.Token);
                    reported = null;
                }
                catch (Exception error) when (!stopping.IsCancellationRequested)
                {
                    if (reported != error.Message)
                    {
                        reported = error.Message;
                        logger.LogDebug(error, "A round of {Name} failed", GetType().Name);
                    }
                }
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The end of the server.
        }
    }
}
