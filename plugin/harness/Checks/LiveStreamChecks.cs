using System.Diagnostics;
using System.Net;
using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.LiveTv;

namespace Coax.Harness.Checks;

/// <summary>Live streams and their readers by themselves, against an engine that does as it is told.</summary>
internal static class LiveStreamChecks
{
    private static readonly byte[] Packets = [.. Enumerable.Range(0, 188 * 4).Select(at => (byte)(at % 188 == 0 ? 0x47 : 1))];

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All() =>
    [
        ("a stream goes on in the next engine, at a packet's beginning, and tells ffmpeg the new address", GoesOnAsync),
        ("readers of one stream open it again once", ReopenOnceAsync),
        ("a stream that was closed ends; a channel that is gone ends it with an error", EndsAsync),
        ("reading can be cancelled, and disposing ends a read that waits", CancelAsync),
        ("readers of viewers end when the server stops, recordings go on", StopsAsync),
        ("a close waits little for an engine that hangs, and what is opened too late is closed", CloseAsync),
    ];

    private static async Task GoesOnAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        var known = "s1";
        set.Engine.Media = id => id != known ? null : new ScriptedMedia(id == "s1" ? Packets[..500] : Packets, id == "s1" ? ScriptedMedia.Then.Break : ScriptedMedia.Then.Wait);
        var live = await set.OpenAsync("a").ConfigureAwait(false);
        await using var reader = live.GetStream();
        Expect.Equal(1, ((CoaxLiveStream)live).Readers, "readers");
        await reader.ReadExactlyAsync(new byte[500]).ConfigureAwait(false);
        set.Engine.Become(EnginePhase.Restarting);
        known = "s2";
        var rest = new byte[64 + Packets.Length];
        var reading = reader.ReadExactlyAsync(rest).AsTask();
        await Task.Delay(300).ConfigureAwait(false);
        Expect.True(!reading.IsCompleted, "it waits for the engine");
        set.Engine.Become(EnginePhase.Ready);
        await reading.WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        Expect.True(rest[..64].All(one => one == 0xff) && rest[64..].SequenceEqual(Packets), "the cut packet is filled up, and whole ones follow");
        Expect.Equal("http://127.0.0.1:9999/s/s2.ts", live.MediaSource.EncoderPath, "the address for ffmpeg");
        await live.Close().ConfigureAwait(false);
        Expect.Equal("DELETE /host/v1/streams/s2", set.Engine.Asked[^1], "the last call");
    }

    private static async Task ReopenOnceAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Media = id => id == "s2" ? new ScriptedMedia(Packets, ScriptedMedia.Then.Wait) : null;
        var live = await set.OpenAsync("a").ConfigureAwait(false);
        set.Engine.Latency = TimeSpan.FromMilliseconds(30);
        var readers = Enumerable.Range(0, 5).Select(_ => live.GetStream()).ToList();
        var read = await Task.WhenAll(readers.Select(reader => reader.ReadAsync(new byte[188]).AsTask())).WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        Expect.Equal("188 188 188 188 188", string.Join(' ', read), "bytes");
        Expect.Equal(2, set.Engine.Asked.Count(call => call.StartsWith("POST", StringComparison.Ordinal)), "opens");
        foreach (var reader in readers)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
        }

        Expect.Equal(0, ((CoaxLiveStream)live).Readers, "readers");
    }

    private static async Task EndsAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Media = _ => new ScriptedMedia(Packets, ScriptedMedia.Then.End);
        var live = await set.OpenAsync("a").ConfigureAwait(false);
        await using var reader = live.GetStream();
        await reader.ReadExactlyAsync(new byte[Packets.Length]).ConfigureAwait(false);
        await live.Close().ConfigureAwait(false);
        Expect.Equal("0 0", $"{await reader.ReadAsync(new byte[100]).ConfigureAwait(false)} {await reader.ReadAsync(new byte[100]).ConfigureAwait(false)}", "after the close");

        set.Engine.Media = _ => null;
        var other = await set.OpenAsync("b").ConfigureAwait(false);
        set.Engine.Answer = (method, _) => method == "POST" ? ScriptedEngine.Json("""{"code":"NOT_FOUND"}""", HttpStatusCode.NotFound) : null;
        await using var lost = other.GetStream();
        await Expect.ThrowsAsync<IOException>(async () => await lost.ReadAsync(new byte[100]).ConfigureAwait(false), "a channel that is gone").ConfigureAwait(false);
    }

    private static async Task CancelAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Media = _ => new ScriptedMedia([], ScriptedMedia.Then.Wait);
        var live = await set.OpenAsync("a").ConfigureAwait(false);
        var reader = live.GetStream();
        using var cancel = new CancellationTokenSource(100);
        await Expect.ThrowsAsync<OperationCanceledException>(async () => await reader.ReadAsync(new byte[100], cancel.Token).ConfigureAwait(false), "cancelled").ConfigureAwait(false);
        var waiting = reader.ReadAsync(new byte[100]).AsTask();
        await Task.Delay(100).ConfigureAwait(false);
        await reader.DisposeAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(5)), "disposed").ConfigureAwait(false);
        Expect.Equal(0, ((CoaxLiveStream)live).Readers, "readers");
        await reader.DisposeAsync().ConfigureAwait(false);
        Expect.Equal(0, ((CoaxLiveStream)live).Readers, "readers after a second dispose");
    }

    private static async Task StopsAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Media = _ => new ScriptedMedia(Packets, ScriptedMedia.Then.Wait);
        await using var recording = (await set.OpenAsync("a").ConfigureAwait(false)).GetStream();
        set.As("d1");
        var live = await set.OpenAsync("b").ConfigureAwait(false);
        await using var reader = live.GetStream();
        await reader.ReadExactlyAsync(new byte[Packets.Length]).ConfigureAwait(false);
        var waiting = reader.ReadAsync(new byte[100]).AsTask();
        await set.Stopping.CancelAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<IOException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(5)), "a viewer that waits").ConfigureAwait(false);
        await using var next = live.GetStream();
        await Expect.ThrowsAsync<IOException>(async () => await next.ReadAsync(new byte[100]).ConfigureAwait(false), "a viewer that comes").ConfigureAwait(false);
        await recording.ReadExactlyAsync(new byte[Packets.Length]).AsTask().WaitAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
    }

    private static async Task CloseAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        var live = await set.OpenAsync("a").ConfigureAwait(false);
        set.Engine.Latency = TimeSpan.FromMinutes(1);
        var clock = Stopwatch.StartNew();
        await live.Close().ConfigureAwait(false);
        await live.Close().ConfigureAwait(false);
        live.Dispose();
        Expect.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"it took {clock.Elapsed.TotalSeconds:0.0} s");
        Expect.Equal(1, set.Engine.Asked.Count(call => call.StartsWith("DELETE", StringComparison.Ordinal)), "calls");

        set.Engine.Latency = TimeSpan.FromMilliseconds(200);
        var late = (CoaxLiveStream)await set.OpenAsync("b").ConfigureAwait(false);
        var renewal = late.RenewAsync(late.EngineId, CancellationToken.None);
        await late.Close().ConfigureAwait(false);
        await Expect.ThrowsAsync<ObjectDisposedException>(() => renewal, "a renewal of a closed stream").ConfigureAwait(false);
        Expect.True(set.Engine.Asked.Contains("DELETE /host/v1/streams/s2") && set.Engine.Asked.Contains("DELETE /host/v1/streams/s3"), string.Join('|', set.Engine.Asked));
    }
}
