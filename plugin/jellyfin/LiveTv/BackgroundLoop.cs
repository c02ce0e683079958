using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>A hosted service that does something every few seconds. Starting returns at once; what goes wrong is logged once until it changes.</summary>
internal abstract class BackgroundLoop(TimeSpan period, ILogger logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
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
        stopping.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One round. May throw.</summary>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    private async Task LoopAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(period);
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
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
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // The end of the server.
        }
    }
}
