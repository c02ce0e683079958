using System.Net;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.Tasks;

/// <summary>Refreshes all sources of the engine and follows its jobs to their end.</summary>
public sealed class SourceRefresh(EngineApi api, IEngine engine)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EngineWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CancelWait = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Ends when every job has. <see cref="SourceRefreshException"/> names the sources that failed, after the others are done;
    /// when cancelled, the jobs are cancelled too.
    /// </summary>
    public async Task RunAsync(bool guideOnly, IProgress<double> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (!await engine.WaitUntilReadyAsync(EngineWait, cancellationToken))
        {
            throw new EngineUnavailableException(engine.Status.Message);
        }

        var follows = new List<Follow>();
        try
        {
            foreach (var source in await api.GetSourcesAsync(cancellationToken))
            {
                if (source.Enabled)
                {
                    follows.Add(new Follow(source.Name ?? source.Id, await api.RefreshSourceAsync(source.Id, guideOnly, cancellationToken)));
                }
            }

            await FollowAsync(follows, progress, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await CancelAsync(follows);
            throw;
        }

        var failed = follows.Where(follow => follow.Failure is not null).Select(follow => $"{follow.Source}: {follow.Failure}").ToList();
        if (failed.Count > 0)
        {
            throw new SourceRefreshException(string.Join(" ", failed));
        }
    }

    private async Task FollowAsync(List<Follow> follows, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var reported = 0.0;
        while (follows.Any(follow => !follow.Ended))
        {
            await Task.Delay(Poll, cancellationToken);
            foreach (var follow in follows.Where(follow => !follow.Ended))
            {
                await LookAsync(follow, cancellationToken);
            }

            reported = Math.Max(reported, 100 * follows.Average(follow => follow.Done));
            progress.Report(reported);
        }

        progress.Report(100);
    }

    private async Task LookAsync(Follow follow, CancellationToken cancellationToken)
    {
        try
        {
            follow.Take(await api.GetJobAsync(follow.JobId, cancellationToken));
        }
        catch (EngineProblemException problem) when (problem.Status == HttpStatusCode.NotFound)
        {
            follow.Fail("the engine was restarted in the middle of it.");
        }
        catch (EngineUnavailableException error)
        {
            if (!await engine.WaitUntilReadyAsync(EngineWait, cancellationToken))
            {
                follow.Fail(error.Message);
            }
        }
    }

    private async Task CancelAsync(List<Follow> follows)
    {
        using var limit = new CancellationTokenSource(CancelWait);
        foreach (var follow in follows.Where(follow => !follow.Ended))
        {
            try
            {
                await api.CancelJobAsync(follow.JobId, limit.Token);
            }
            catch (Exception error) when (error is EngineUnavailableException or EngineProblemException or OperationCanceledException)
            {
                // It has ended by itself, or the engine has.
            }
        }
    }

    private sealed class Follow(string source, string jobId)
    {
        /// <summary>Of a job whose length nobody knows.</summary>
        private const double Underway = 0.3;

        public string Source { get; } = source;

        public string JobId { get; } = jobId;

        public double Done { get; private set; }

        public bool Ended { get; private set; }

        public string? Failure { get; private set; }

        public void Take(EngineJob job)
        {
            Ended = job.Ended;
            Done = job switch
            {
                { Ended: true } => 1,
                { State: "queued" } => 0,
                { Progress: { Total: > 0 } progress } => Math.Clamp(progress.Done / progress.Total.Value, 0, 0.95),
                _ => Underway,
            };
            Failure = job.State switch
            {
                "failed" => job.Error?.Message ?? "failed.",
                "cancelled" => "cancelled.",
                _ => null,
            };
        }

        public void Fail(string why)
        {
            Ended = true;
            Done = 1;
            Failure = why;
        }
    }
}
