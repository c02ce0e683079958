using System.Diagnostics;
using MediaBrowser.Controller.Library;
using MediaBrowser.Model.Entities;

namespace Coax.Harness.Checks;

/// <summary>Live streams: open, read, share, close.</summary>
internal static class StreamChecks
{
    /// <summary>The time the engine keeps a channel that nobody watches any more, and some.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(12);

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("an open channel is described so that the host neither probes nor waits, and tells no secret", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(await ChannelAsync(host, 0).ConfigureAwait(false)).ConfigureAwait(false);
            var source = stream.MediaSource;
            Expect.True(!source.SupportsProbing, "SupportsProbing is off");
            Expect.Equal(0, source.BufferMs, "BufferMs");
            Expect.True(source.AnalyzeDurationMs is > 0 and <= 1500, $"AnalyzeDurationMs is {source.AnalyzeDurationMs}");
            Expect.True(source.RunTimeTicks is null && source.IsInfiniteStream && source.RequiresClosing && source.RequiresOpening, "an endless stream that is opened and closed");
            Expect.True(source.Bitrate is > 100_000, $"bit rate {source.Bitrate}");
            Expect.Equal("ts", source.Container, "container");
            var video = Expect.NotNull(source.MediaStreams.FirstOrDefault(one => one.Type == MediaStreamType.Video), "video");
            Expect.True(video is { Codec: not null, Width: > 0, Height: > 0 }, $"video {video.Codec} {video.Width}x{video.Height}");
            Expect.True(source.MediaStreams.Any(one => one is { Type: MediaStreamType.Audio, Codec: not null }), "audio with a codec");
            var path = Expect.NotNull(source.Path, "Path");
            Expect.True(path.Contains($"/LiveTv/LiveStreamFiles/{stream.UniqueId}/", StringComparison.Ordinal), $"Path leads to the host: {path}");
            var address = new Uri(Expect.NotNull(source.EncoderPath, "EncoderPath"));
            Expect.True(address.IsLoopback && address.Port != host.Address.Port, "EncoderPath leads to the engine");
            var secret = address.AbsolutePath.Split('/').Last().Split('.')[0];
            Expect.True(!path.Contains(secret, StringComparison.Ordinal), "Path does not hold what EncoderPath does");
            await CloseAsync(host, stream).ConfigureAwait(false);
        });

        yield return ("the first bytes for the host's ffmpeg are PAT, PMT and a key frame", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(await ChannelAsync(host, 1).ConfigureAwait(false)).ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            await using (var reader = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false))
            {
                var bytes = await Reading.UntilAsync(reader, all => new TransportStream(all).FirstKey >= 0, TimeSpan.FromSeconds(15)).ConfigureAwait(false);
                context.Figures["firstKeyMs"] = clock.ElapsedMilliseconds;
                Expect.Equal(null, new TransportStream(bytes).BadStart, $"start of {bytes.Length} bytes");
            }

            await CloseAsync(host, stream).ConfigureAwait(false);
        });

        yield return ("who joins a running channel gets four seconds of it at once, from a key frame on", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var channel = await ChannelAsync(host, 1).ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(channel).ConfigureAwait(false);
            await using (var first = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false))
            {
                var reading = Reading.UntilAsync(first, all => new TransportStream(all).Seconds > 7, TimeSpan.FromSeconds(20));
                Expect.True(new TransportStream(await reading.ConfigureAwait(false)).Seconds > 7, "the first reader has seven seconds");
                await using var second = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false);
                var bytes = new TransportStream(await Reading.ForAsync(second, TimeSpan.FromMilliseconds(700)).ConfigureAwait(false));
                context.Figures["backlogSeconds"] = Math.Round(bytes.Seconds, 1);
                Expect.Equal(null, bytes.BadStart, "start");
                Expect.True(bytes.Seconds >= 4, $"{bytes.Seconds:0.0} s came at once");
            }

            await CloseAsync(host, stream).ConfigureAwait(false);
        });

        yield return ("the host's own reader, for direct streams and recordings, begins with PAT, PMT and a key frame too", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(await ChannelAsync(host, 2).ConfigureAwait(false)).ConfigureAwait(false);
            await using (var reader = ((IDirectStreamProvider)stream).GetStream())
            {
                var bytes = await Reading.UntilAsync(reader, all => new TransportStream(all).FirstKey >= 0, TimeSpan.FromSeconds(15)).ConfigureAwait(false);
                Expect.Equal(null, new TransportStream(bytes).BadStart, $"start of {bytes.Length} bytes");
            }

            await CloseAsync(host, stream).ConfigureAwait(false);
        });

        yield return ("two viewers of a channel share one stream and one connection; the first to leave does not end it", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            await context.Provider.QuietAsync(Quiet).ConfigureAwait(false);
            var channel = await ChannelAsync(host, 0).ConfigureAwait(false);
            var one = await host.AsDeviceAsync("phone", () => host.Live.OpenAsync(channel)).ConfigureAwait(false);
            var other = await host.AsDeviceAsync("tablet", () => host.Live.OpenAsync(channel)).ConfigureAwait(false);
            Expect.True(ReferenceEquals(one, other), "the same live stream");
            await using var first = await Reading.AsFfmpegAsync(one).ConfigureAwait(false);
            await using var second = await Reading.AsFfmpegAsync(other).ConfigureAwait(false);
            await Reading.BytesAsync(first, 188, TimeSpan.FromSeconds(10)).ConfigureAwait(false);
            await Reading.BytesAsync(second, 188, TimeSpan.FromSeconds(10)).ConfigureAwait(false);
            Expect.Equal(1, await context.Provider.CountedAsync().ConfigureAwait(false), "connections at the provider");
            await host.Live.CloseLiveStream(one.MediaSource.LiveStreamId!).ConfigureAwait(false);
            await first.DisposeAsync().ConfigureAwait(false);
            Expect.True((await Reading.BytesAsync(second, 100_000, TimeSpan.FromSeconds(10)).ConfigureAwait(false)).Length >= 100_000, "the second viewer goes on");
            await host.Live.CloseLiveStream(one.MediaSource.LiveStreamId!).ConfigureAwait(false);
            Expect.Equal(0, host.Live.Open.Count, "open streams of the host");
            await second.DisposeAsync().ConfigureAwait(false);
            context.Figures["providerQuietMs"] = Math.Round((await context.Provider.QuietAsync(Quiet).ConfigureAwait(false)).TotalMilliseconds);
        });

        yield return ("a close gives the connection back, a second close and a close without an open do nothing", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(await ChannelAsync(host, 1).ConfigureAwait(false)).ConfigureAwait(false);
            await using (var reader = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false))
            {
                await Reading.BytesAsync(reader, 188, TimeSpan.FromSeconds(10)).ConfigureAwait(false);
            }

            var id = stream.MediaSource.LiveStreamId!;
            var clock = Stopwatch.StartNew();
            await host.Live.CloseLiveStream(id).ConfigureAwait(false);
            context.Figures["closeMs"] = Math.Round(clock.Elapsed.TotalMilliseconds, 1);
            await host.Live.CloseLiveStream(id).ConfigureAwait(false);
            await host.Live.CloseLiveStream("nosuchstream").ConfigureAwait(false);
            await stream.Close().ConfigureAwait(false);
            stream.Dispose();
            Expect.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"closing took {clock.Elapsed.TotalMilliseconds:0} ms");
            context.Figures["providerQuietMs"] = Math.Round((await context.Provider.QuietAsync(Quiet).ConfigureAwait(false)).TotalMilliseconds);
            var unread = await host.Live.OpenAsync(await ChannelAsync(host, 1).ConfigureAwait(false)).ConfigureAwait(false);
            await CloseAsync(host, unread).ConfigureAwait(false);
            await context.Provider.QuietAsync(Quiet).ConfigureAwait(false);
        });

        yield return ("a provider that is full is told by a picture: the open succeeds, and it reads", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            await context.Provider.QuietAsync(Quiet).ConfigureAwait(false);
            var settings = await context.Provider.SettingsAsync().ConfigureAwait(false);
            await context.Provider.PatchAsync("""{"faults":[{"kind":"live","status":403}]}""").ConfigureAwait(false);
            try
            {
                var stream = await host.Live.OpenAsync(await ChannelAsync(host, 3).ConfigureAwait(false)).ConfigureAwait(false);
                await using (var reader = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false))
                {
                    var bytes = new TransportStream(await Reading.UntilAsync(reader, all => new TransportStream(all).FirstKey >= 0, TimeSpan.FromSeconds(25)).ConfigureAwait(false));
                    Expect.Equal(null, bytes.BadStart, "start of the slate");
                }

                await CloseAsync(host, stream).ConfigureAwait(false);
            }
            finally
            {
                await context.Provider.PatchAsync($$"""{"faults":{{settings.GetProperty("faults").GetRawText()}}}""").ConfigureAwait(false);
            }
        });
    }

    /// <summary>The id of a channel by its place in the list.</summary>
    internal static async Task<string> ChannelAsync(TestHost host, int index)
    {
        var channels = await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
        return channels[index % channels.Count].Id!;
    }

    internal static Task CloseAsync(TestHost host, ILiveStream stream) => host.Live.CloseLiveStream(stream.MediaSource.LiveStreamId!);
}
