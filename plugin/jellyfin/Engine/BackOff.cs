namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Waits between starts: 0.2 s first, doubling to 30 s, from the beginning after a minute of health.</summary>
internal sealed class BackOff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(60);

    private TimeSpan next = First;

    /// <summary>The wait before the next start, given how long the engine had been healthy before it ended.</summary>
    public TimeSpan Next(TimeSpan healthyFor)
    {
        if (healthyFor >= Healthy)
        {
            Reset();
        }

        var wait = next;
        next = next * 2 < Last ? next * 2 : Last;
        return wait;
    }

    /// <summary>From the beginning.</summary>
    public void Reset() => next = First;
}
