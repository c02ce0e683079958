using System.Diagnostics;
using System.Net;
using System.Security.Claims;
using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Controller;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.Entities;
using MediaBrowser.Model.LiveTv;

namespace Coax.Harness.Checks;

/// <summary>The parts of live TV by themselves, against an engine that does as it is told.</summary>
internal static class LiveTvChecks
{
    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All() =>
    [
        ("codec facts become streams in the host's words, all with index -1", Sync(Facts)),
        ("without facts a channel is H.264 with AAC, and a radio channel only sound", Sync(NoFacts)),
        ("of several audio tracks the one that ffmpeg takes is named", Sync(AudioChoice)),
        ("a stream that nobody reads for 60 s is leaked; one that is read, new or not told of is none", Sync(Leaks)),
        ("who asks is told by the request: a device, an API key, a timer, nobody", Sync(Askers)),
        ("viewers are the sessions that report a stream, else the device that opened it", Sync(Viewers)),
        ("an engine that is down or empty by mistake takes no channel away; one without sources does", StoreAsync),
        ("channels outlive the host on disk, and a broken file is none", FileAsync),
        ("a tuner that the admin deleted has no channels", NoTunerAsync),
        ("a guide refresh gets the channels in the order of its own, other callers get the engine's", GuideOrderAsync),
        ("groups are tags only when they are asked for, as the server copies tags to all programmes", GroupTagsAsync),
        ("a channel that is opened for the first time waits for its facts outside of the host's lock, and is handed over", PreparedAsync),
        ("the device's last stream gives its place up to its next one, unless another viewer has joined", ReplacesAsync),
        ("a channel of another tuner is not found, nor one that the engine does not have", NotFoundAsync),
        ("with the engine down an open fails at once, with the engine's message", DownAsync),
    ];

    private static Func<CheckContext, Task> Sync(Action check) => _ =>
    {
        check();
        return Task.CompletedTask;
    };

    private static void Facts()
    {
        var facts = new CodecFacts(
            "mpegts",
            [new VideoFacts("h264", Profile: "High", Level: 40, Width: 720, Height: 576, FrameRate: 25, Interlaced: true, BitDepth: 8, SampleAspect: "64:45", RefFrames: 4)],
            [new AudioFacts("ac3", Channels: 6, SampleRate: 48_000, BitRate: 384_000, Language: "deu")],
            BitRate: 4_000_000);
        var source = MediaSourceFactory.Opened("c_Ab1", "One", false, facts, false, "http://host/x", "http://engine/y");
        Expect.Equal("coaxcab1", source.Id, "id");
        Expect.Equal(4_000_000, source.Bitrate, "bit rate");
        var video = source.MediaStreams.Single(stream => stream.Type == MediaStreamType.Video);
        Expect.Equal(
            "h264 High 40 720x576 16:9 25 True 8 yuv420p 4 3616000 0",
            FormattableString.Invariant($"{video.Codec} {video.Profile} {video.Level} {video.Width}x{video.Height} {video.AspectRatio} {video.RealFrameRate} {video.IsInterlaced} {video.BitDepth} {video.PixelFormat} {video.RefFrames} {video.BitRate} {video.NalLengthSize}"),
            "video");
        var audio = source.MediaStreams.Single(stream => stream.Type == MediaStreamType.Audio);
        Expect.Equal("ac3 6 5.1 48000 384000 deu", $"{audio.Codec} {audio.Channels} {audio.ChannelLayout} {audio.SampleRate} {audio.BitRate} {audio.Language}", "audio");
        Expect.True(audio.IsDefault, "the one track is the default");
        Expect.True(source.MediaStreams.All(stream => stream.Index == -1), "index -1");
        Expect.True(
            source is { SupportsProbing: false, BufferMs: 0, AnalyzeDurationMs: >= 500 and <= 1000, SupportsDirectPlay: false, SupportsDirectStream: true, IsRemote: false, RunTimeTicks: null },
            "the host neither probes nor waits");
        Expect.True(!ReferenceEquals(source.MediaStreams, MediaSourceFactory.Unopened("c_Ab1", "One", false, facts, false).MediaStreams), "new objects each time");
    }

    private static void NoFacts()
    {
        Expect.Equal("h264 1280x720, aac 0x0", Told(MediaSourceFactory.Unopened("a", null, false, null, false)), "television");
        Expect.Equal("aac 0x0", Told(MediaSourceFactory.Unopened("a", null, true, null, false)), "radio");
        Expect.Equal("mp2 0x0", Told(MediaSourceFactory.Unopened("a", null, true, new CodecFacts("mpegts", [], [new AudioFacts("mp2")]), false)), "radio that is known");
        Expect.Equal("hevc 0x0", Told(MediaSourceFactory.Unopened("a", null, false, new CodecFacts("mpegts", [new VideoFacts("hevc")], null), false)), "video without sound");
        Expect.True(MediaSourceFactory.Unopened("a", null, false, null, false).Bitrate is > 1_000_000 and < 10_000_000, "a bit rate that no client's limit refuses");

        static string Told(MediaSourceInfo source) => string.Join(", ", source.MediaStreams.Select(stream => $"{stream.Codec} {stream.Width ?? 0}x{stream.Height ?? 0}"));
    }

    private static void AudioChoice()
    {
        var facts = new CodecFacts("mpegts", [new VideoFacts("h264")], [new AudioFacts("mp2", Channels: 2, Language: "eng"), new AudioFacts("ac3", Channels: 6), new AudioFacts("eac3", Channels: 6)]);
        Expect.Equal("ac3", MediaSourceFactory.Unopened("a", null, false, facts, false).MediaStreams.Single(stream => stream.Type == MediaStreamType.Audio).Codec, "most channels, then the first");
    }

    private static void Leaks()
    {
        var watch = new LeakWatch(TimeSpan.FromSeconds(60));
        string At(int seconds, params ReaderCount[] streams) => string.Join(' ', watch.Observe(TimeSpan.FromSeconds(seconds), streams));
        static ReaderCount Stream(string id, int age, int engine = 0, int own = 0, double? last = null) => new(id, TimeSpan.FromSeconds(age), engine, own, last);

        for (var second = 0; second < 60; second += 10)
        {
            Expect.Equal(string.Empty, At(second, Stream("never", second), Stream("ffmpeg", second, engine: 1), Stream("paused", second, own: 1)), $"after {second} s");
        }

        Expect.Equal("never", At(60, Stream("never", 60), Stream("ffmpeg", 60), Stream("paused", 60, own: 1)), "nobody ever read it");
        Expect.Equal("never", At(110, Stream("never", 110), Stream("ffmpeg", 110), Stream("paused", 110, own: 1)), "its reader left at 60 s");
        Expect.Equal("ffmpeg", At(120, Stream("ffmpeg", 120), Stream("paused", 120, own: 1)), "60 s after its reader left");
        Expect.Equal(string.Empty, At(300, Stream("short", 300, last: 1)), "first seen");
        Expect.Equal(string.Empty, At(359, Stream("short", 359, last: 1)), "not yet");
        Expect.Equal(string.Empty, At(360, Stream("short", 360, last: 2)), "a reader came and went between two rounds");
        Expect.Equal("short", At(420, Stream("short", 420, last: 2)), "60 s later");
        At(500, Stream("dark", 100));
        watch.Miss();
        Expect.Equal(string.Empty, At(570, Stream("dark", 170)), "rounds without an answer do not count");
        Expect.Equal("dark", At(630, Stream("dark", 230)), "60 s of answers");
    }

    private static void Askers()
    {
        static ClaimsPrincipal Who(string device, string user, string name) => new(new ClaimsIdentity(
            [new Claim("Jellyfin-DeviceId", device), new Claim("Jellyfin-Device", "Living room TV"), new Claim("Jellyfin-UserId", user), new Claim(ClaimTypes.Name, name)]));
        var anna = Asker.Of(Who("d1", "u1", "Anna"), "/Items/1/PlaybackInfo", "server");
        Expect.Equal("d1:u1 Anna on Living room TV live", $"{anna.Viewer?.Key} {anna.Viewer?.Label} {anna.Purpose}", "a viewer");
        Expect.Equal("d1:u1 Living room TV", $"{Asker.Of(Who("d1", "u1", string.Empty), "/x", "server").Viewer?.Key} {Asker.Of(Who("d1", "u1", string.Empty), "/x", "server").Viewer?.Label}", "without a name");
        Expect.Equal("Anna", anna.Viewer?.User, "the user, whose limits hold on every device");
        Expect.Equal(null, Asker.Of(Who("server", "0", string.Empty), "/x", "SERVER").Viewer, "an API key without a device");
        Expect.Equal(null, Asker.Of(null, "/Videos/1/stream", "server").Viewer, "nobody");
        Expect.True(Asker.Of(Who("d1", "u1", "Anna"), "/LiveTv/Timers", "server") is { IsRecording: true, Viewer: null }, "a timer that starts at once");
        Expect.True(new Asker(Fake<IServerApplicationHost>.By(new object())).Current().IsRecording, "no request at all");
    }

    private static void Viewers()
    {
        var sessions = new[]
        {
            new WatchingSession("Anna", "TV", "d1", "live-1", "coax1"),
            new WatchingSession("Ben", "Phone", "d2", null, "coax1"),
            new WatchingSession("Ben", "Phone", "d2", null, "coax1"),
            new WatchingSession("Cleo", "Tablet", "d3", "live-2", "coax1"),
            new WatchingSession("Dan", "Idle", "d4", null, null),
        };
        var told = SessionWatch.Viewers(
            [new("b", "live-3", "coax3", "Eve on PC", false), new("a", "live-1", "coax1", "Anna on TV", false), new("c", "live-4", "coax4", null, true)], sessions);
        Expect.Equal("a: Anna on TV, Ben on Phone|b: Eve on PC|c: Recording", string.Join('|', told.Select(stream => $"{stream.Id}: {string.Join(", ", stream.Viewers)}")), "viewers");
    }

    private static async Task StoreAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l1", "a", "b") : null;
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "from the engine");
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync(cached: true).ConfigureAwait(false), "from memory");
        Expect.Equal(1, set.Engine.Asked.Count, "calls");
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l2") : ScriptedEngine.Health(sources: 1);
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "empty although there is a source");
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l2") : ScriptedEngine.Health(sources: 0, ready: false);
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "empty before it is ready");
        set.Engine.Answer = (_, _) => new HttpResponseMessage(HttpStatusCode.InternalServerError);
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "an engine that fails");
        set.Engine.Answer = (_, _) => ScriptedEngine.Json("no lineup at all");
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "an answer that is none");
        set.Engine.Become(EnginePhase.Failed);
        Expect.Equal("coax_a coax_b", await set.ChannelsAsync().ConfigureAwait(false), "an engine that is down");
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l2") : ScriptedEngine.Health(sources: 0);
        set.Engine.Become(EnginePhase.Ready);
        Expect.Equal(string.Empty, await set.ChannelsAsync().ConfigureAwait(false), "its sources are gone");
    }

    private static async Task GuideOrderAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context) { LastFirst = true };
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l1", "a", "b", "c") : null;
        Expect.Equal("coax_c coax_b coax_a", await set.ChannelsAsync().ConfigureAwait(false), "for a refresh");
        Expect.Equal("coax_a coax_b coax_c", await set.ChannelsAsync(cached: true).ConfigureAwait(false), "for others");
    }

    private static async Task FileAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Answer = (_, path) => path.Contains("/channels", StringComparison.Ordinal) ? ScriptedEngine.Lineup("l1", "a", "b") : null;
        await set.ChannelsAsync().ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
        {
            var mode = File.GetUnixFileMode(Path.Combine(set.Folders.State, "channels.json"));
            Expect.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode, "who may read an output's token");
        }

        using var next = new LiveTvRig(context, set.Folders);
        next.Engine.Become(EnginePhase.Failed);
        var clock = Stopwatch.StartNew();
        Expect.Equal("coax_a coax_b", await next.ChannelsAsync().ConfigureAwait(false), "after a restart without an engine");
        Expect.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"it took {clock.Elapsed.TotalSeconds:0.0} s");
        Expect.Equal(0, next.Engine.Asked.Count, "calls");
        await File.WriteAllTextAsync(Path.Combine(set.Folders.State, "channels.json"), "{\"format\":1,\"chan").ConfigureAwait(false);
        using var broken = new LiveTvRig(context, set.Folders);
        broken.Engine.Become(EnginePhase.Failed);
        Expect.Equal(string.Empty, await broken.ChannelsAsync().ConfigureAwait(false), "a broken file");
    }

    private static async Task NoTunerAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Options.TunerHosts = [new TunerHostInfo { Id = "m", Type = "m3u" }];
        set.Engine.Answer = (_, _) => ScriptedEngine.Lineup("l1", "a");
        Expect.Equal(string.Empty, await set.ChannelsAsync().ConfigureAwait(false), "without a tuner");
        set.Options.TunerHosts = [new TunerHostInfo { Id = "m", Type = "m3u" }, new TunerHostInfo { Id = "one", Type = "coax" }, new TunerHostInfo { Id = "two", Type = "coax" }];
        var channels = await set.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false);
        Expect.Equal("one", string.Join(' ', channels.Select(channel => channel.TunerHostId)), "of two the first");
        Expect.True(!ReferenceEquals(channels[0], (await set.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false))[0]), "new objects each time");
        Expect.Equal("http://127.0.0.1:9999/o/t/logo/a", channels[0].ImageUrl, "logo");
    }

    private static async Task GroupTagsAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Answer = (_, _) => ScriptedEngine.Lineup("l1", "a");
        var channels = await set.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false);
        Expect.True(channels[0].Tags is null, "tags that are null leave those of the server's channel as they are");
        LiveTvSettings.GroupTags = true;
        try
        {
            channels = await set.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal("News", string.Join(',', channels[0].Tags ?? []), "groups as tags, when asked for");
        }
        finally
        {
            LiveTvSettings.GroupTags = false;
        }
    }

    private static async Task PreparedAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Latency = TimeSpan.FromMilliseconds(50);
        var both = await Task.WhenAll(
            set.Tuner.GetChannelStreamMediaSources("coax_a", CancellationToken.None), set.Tuner.GetChannelStreamMediaSources("coax_a", CancellationToken.None)).ConfigureAwait(false);
        Expect.Equal("1 1", string.Join(' ', both.Select(list => list.Count)), "sources");
        Expect.Equal(1, set.Engine.Asked.Count, "calls for two who ask at once");
        Expect.True(set.Engine.Asked[0].Contains("\"waitForFactsMs\":3000", StringComparison.Ordinal), set.Engine.Asked[0]);
        await set.OpenAsync("a").ConfigureAwait(false);
        Expect.Equal(1, set.Engine.Asked.Count, "the open takes it over");
        await set.OpenAsync("a").ConfigureAwait(false);
        Expect.Equal(2, set.Engine.Asked.Count, "the next one opens by itself");
    }

    private static async Task ReplacesAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.As("d1");
        var first = await set.OpenAsync("a").ConfigureAwait(false);
        set.As("d2");
        await set.OpenAsync("b").ConfigureAwait(false);
        set.As("d1");
        await set.OpenAsync("c").ConfigureAwait(false);
        Expect.True(set.Engine.Asked[^1].Contains("\"replaces\":[\"s1\"]", StringComparison.Ordinal), set.Engine.Asked[^1]);
        await first.Close().ConfigureAwait(false);
        set.As("d2");
        var shared = await set.OpenAsync("e").ConfigureAwait(false);
        set.As("d1");
        shared.ConsumerCount++;
        shared.ConsumerCount--;
        set.As("d2");
        await set.OpenAsync("f").ConfigureAwait(false);
        Expect.True(set.Engine.Asked[^1].Contains("\"replaces\":[\"s2\"]", StringComparison.Ordinal), set.Engine.Asked[^1]);
        set.As("d3");
        var again = await set.OpenAsync("h").ConfigureAwait(false);
        again.ConsumerCount++;
        await set.OpenAsync("i").ConfigureAwait(false);
        var other = set.Streams.All().Single(stream => stream.ChannelId == "i").EngineId;
        again.ConsumerCount++;
        var resumed = set.Engine.Asked[^1];
        Expect.True(resumed.Contains("/resume", StringComparison.Ordinal) && resumed.Contains($"[\"{other}\"]", StringComparison.Ordinal), $"to and fro: {resumed}");
        await set.OpenAsync("i2").ConfigureAwait(false);
        Expect.True(set.Engine.Asked[^1].Contains("\"replaces\":[", StringComparison.Ordinal), $"came back to its own channel: {set.Engine.Asked[^1]}");
        set.As(null);
        await set.OpenAsync("g").ConfigureAwait(false);
        Expect.True(!set.Engine.Asked[^1].Contains("replaces", StringComparison.Ordinal) && set.Engine.Asked[^1].Contains("recording", StringComparison.Ordinal), set.Engine.Asked[^1]);
    }

    private static async Task NotFoundAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        await Expect.ThrowsAsync<FileNotFoundException>(() => set.Tuner.GetChannelStream("m3u_1", "x", [], CancellationToken.None), "another tuner's").ConfigureAwait(false);
        Expect.Equal(0, (await set.Tuner.GetChannelStreamMediaSources("m3u_1", CancellationToken.None).ConfigureAwait(false)).Count, "sources of another tuner's");
        Expect.Equal(0, set.Engine.Asked.Count, "calls");
        set.Engine.Answer = (_, _) => ScriptedEngine.Json("""{"code":"NOT_FOUND","detail":"no such channel"}""", HttpStatusCode.NotFound);
        await Expect.ThrowsAsync<FileNotFoundException>(() => set.OpenAsync("gone"), "a channel that is gone").ConfigureAwait(false);
        Expect.True(set.Streams.IsEmpty, "no stream is left");
    }

    private static async Task DownAsync(CheckContext context)
    {
        using var set = new LiveTvRig(context);
        set.Engine.Become(EnginePhase.Failed, "Install Node.");
        var clock = Stopwatch.StartNew();
        Expect.Equal(1, (await set.Tuner.GetChannelStreamMediaSources("coax_a", CancellationToken.None).ConfigureAwait(false)).Count, "sources");
        var error = await Expect.ThrowsAsync<EngineUnavailableException>(() => set.OpenAsync("a"), "an open").ConfigureAwait(false);
        Expect.Equal("Install Node.", error.Message, "message");
        Expect.True(clock.Elapsed < TimeSpan.FromSeconds(3), $"it took {clock.Elapsed.TotalSeconds:0.0} s");
    }
}
