namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>
/// A live stream as it is seen in one round. <paramref name="EngineReaders"/> counts connections at the engine (the server's ffmpeg),
/// <paramref name="OwnReaders"/> those in this process, <paramref name="LastReaderAt"/> is the engine's clock.
/// </summary>
internal readonly record struct ReaderCount(string Id, TimeSpan Age, int EngineReaders, int OwnReaders, double? LastReaderAt);

/// <summary>
/// Finds streams that the server has forgotten to close: nobody has read them for a while. Only what was seen in every round of that time
/// counts, so that rounds without an answer of the engine start it anew.
/// </summary>
internal sealed class LeakWatch(TimeSpan patience)
{
    private readonly Dictionary<string, (TimeSpan Since, double? LastReaderAt)> unread = new(StringComparer.Ordinal);

    /// <summary>The engine did not tell.</summary>
    public void Miss() => unread.Clear();

    /// <summary>The ids of streams that are leaked by <paramref name="now"/>, a monotonic time.</summary>
    public IReadOnlyList<string> Observe(TimeSpan now, IReadOnlyList<ReaderCount> streams)
    {
        foreach (var gone in unread.Keys.Except(streams.Select(stream => stream.Id)).ToList())
        {
            unread.Remove(gone);
        }

        var leaked = new List<string>();
        foreach (var stream in streams)
        {
            if (stream.EngineReaders > 0 || stream.OwnReaders > 0)
            {
                unread.Remove(stream.Id);
            }
            else if (!unread.TryGetValue(stream.Id, out var seen) || seen.LastReaderAt != stream.LastReaderAt)
            {
                // The first time, or a reader came and went between two rounds.
                unread[stream.Id] = (now, stream.LastReaderAt);
            }
            else if (now - seen.Since >= patience && stream.Age >= patience)
            {
                leaked.Add(stream.Id);
            }
        }

        return leaked;
    }
}
