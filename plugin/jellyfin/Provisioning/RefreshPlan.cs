namespace Jellyfin.Plugin.Coax.Provisioning;

/// <summary>What is to be done about the server's guide.</summary>
public enum RefreshStep
{
    /// <summary>The server has what the engine has.</summary>
    Nothing,

    /// <summary>A refresh is due, but not yet.</summary>
    Wait,

    /// <summary>A refresh is to be started now.</summary>
    Start,

    /// <summary>A refresh that began after the change has ended well: the server has it.</summary>
    Done,
}

/// <summary>The last refresh of the server's guide, whoever started it. Times are UTC.</summary>
public readonly record struct LastRefresh(DateTime Start, DateTime End, bool Completed);

/// <summary>
/// When the server's guide is refreshed after a change: not before the changes have settled, not while a refresh runs, and not sooner after
/// the last one than that one's own length, or a few seconds (an admin who adds the first provider right after the set-up is waiting). After
/// a refresh that failed it is a minute at least, and the pause doubles.
/// </summary>
public static class RefreshPlan
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary><paramref name="changedAt"/> is when the engine's present state was first seen; null when the server has it.</summary>
    public static RefreshStep Next(DateTime now, DateTime? changedAt, bool isRunning, LastRefresh? last, int failures)
    {
        if (changedAt is not { } changed)
        {
            return RefreshStep.Nothing;
        }

        if (isRunning)
        {
            return RefreshStep.Wait;
        }

        if (last is { Completed: true } ended && ended.Start >= changed)
        {
            return RefreshStep.Done;
        }

        // A clock that was set back must not end refreshes.
        var rested = last is null || now - last.Value.End >= Pause(last.Value, failures) || last.Value.End > now;
        return rested && now - changed >= Settled ? RefreshStep.Start : RefreshStep.Wait;
    }

    private static TimeSpan Pause(LastRefresh last, int failures)
    {
        var shortest = last.Completed ? ShortestPause : PauseAfterFailure;
        var pause = last.End - last.Start > shortest ? last.End - last.Start : shortest;
        var doubled = pause * Math.Pow(2, Math.Min(failures, 6));
        return doubled < LongestPause ? doubled : LongestPause;
    }
}
