using System.Globalization;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.Entities;
using MediaBrowser.Model.MediaInfo;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>Makes the server's media sources from what the engine knows of a channel, so that the server never probes. Always new objects: the server changes them.</summary>
internal static class MediaSourceFactory
{
    /// <summary>Stream time that the server's ffmpeg looks at. Unset, ffmpeg would read 200 s of a transport stream before it begins.</summary>
    private const int AnalyzeDurationMs = 800;

    private const int AudioBitRateGuess = 160_000;

    /// <summary>The same for each opening of a channel, as the server finds the stream that is shared by it.</summary>
    public static string IdOf(string channelId) =>
        "coax" + string.Concat(channelId.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    /// <summary>A source that is still to be opened; without addresses.</summary>
    public static MediaSourceInfo Unopened(string channelId, string? name, bool radio, CodecFacts? facts, bool directPlay)
    {
        var source = new MediaSourceInfo
        {
            Id = IdOf(channelId),
            Name = name,
            Protocol = MediaProtocol.Http,
            Container = "ts",
            IsInfiniteStream = true,
            RequiresOpening = true,
            RequiresClosing = true,
            SupportsProbing = false,
            AnalyzeDurationMs = AnalyzeDurationMs,
            BufferMs = 0,
            IsRemote = false,
            SupportsDirectPlay = directPlay,
            SupportsDirectStream = true,
            SupportsTranscoding = true,
            // Transport streams in HLS, not fragmented MP4, which is fragile for live input.
            UseMostCompatibleTranscodingProfile = true,
            FallbackMaxStreamingBitrate = 30_000_000,
        };
        Describe(source, facts, radio);
        return source;
    }

    /// <summary>A source that is open. Clients see <paramref name="path"/>; the server's ffmpeg reads <paramref name="encoderPath"/>.</summary>
    public static MediaSourceInfo Opened(
        string channelId, string? name, bool radio, CodecFacts? facts, bool directPlay, string path, string encoderPath)
    {
        var source = Unopened(channelId, name, radio, facts, directPlay);
        source.Path = path;
        source.EncoderPath = encoderPath;
        source.EncoderProtocol = MediaProtocol.Http;
        return source;
    }

    /// <summary>Sets streams and bit rate. Unknown facts are what most channels are: H.264 720p with AAC.</summary>
    public static void Describe(MediaSourceInfo source, CodecFacts? facts, bool radio)
    {
        var video = !radio && facts?.Video is { Count: > 0 } tracks ? tracks[0] : null;
        var audio = Chosen(facts?.Audio);
        var guessed = video is null && audio is null;
        if (guessed && !radio)
        {
            video = new VideoFacts("h264", Width: 1280, Height: 720, FrameRate: 25);
        }

        if (guessed)
        {
            audio = new AudioFacts("aac", Channels: 2, SampleRate: 48_000);
        }

        var audioRate = audio is null ? 0 : audio.BitRate ?? AudioBitRateGuess;
        var total = facts?.BitRate ?? audioRate + (video is null ? 0 : video.BitRate ?? VideoBitRateGuess(video));
        var streams = new List<MediaStream>(2);
        if (video is not null)
        {
            streams.Add(VideoStream(video, video.BitRate ?? Math.Max(total - audioRate, 0)));
        }

        if (audio is not null)
        {
            streams.Add(AudioStream(audio, audioRate));
        }

        source.MediaStreams = streams;
        source.Bitrate = Bits(total);
    }

    // Without -map, ffmpeg takes the audio with the most channels, and of equals the first (ffmpeg(1), "Automatic stream selection").
    private static AudioFacts? Chosen(IReadOnlyList<AudioFacts>? audio) => audio?.OrderByDescending(track => track.Channels ?? 0).FirstOrDefault();

    // Index -1 leaves the choice of streams to ffmpeg, which does not depend on the order of the PMT then.
    private static MediaStream VideoStream(VideoFacts video, long bitRate) => new()
    {
        Type = MediaStreamType.Video,
        Index = -1,
        Codec = video.Codec,
        Profile = video.Profile,
        Level = video.Level is > 0 ? video.Level : null,
        Width = video.Width is > 0 ? video.Width : null,
        Height = video.Height is > 0 ? video.Height : null,
        AspectRatio = AspectOf(video),
        AverageFrameRate = video.FrameRate is > 0 ? (float)video.FrameRate : null,
        RealFrameRate = video.FrameRate is > 0 ? (float)video.FrameRate : null,
        IsInterlaced = video.Interlaced ?? false,
        BitDepth = video.BitDepth,
        PixelFormat = video.BitDepth switch { 8 => "yuv420p", 10 => "yuv420p10le", _ => null },
        RefFrames = video.RefFrames,
        BitRate = Bits(bitRate),
        // Annex B: no length prefix that ffmpeg would have to rewrite.
        NalLengthSize = "0",
    };

    private static MediaStream AudioStream(AudioFacts audio, long bitRate) => new()
    {
        Type = MediaStreamType.Audio,
        Index = -1,
        // A viewer who prefers default tracks would have none to choose from, and the sound would count as one that must be converted.
        IsDefault = true,
        Codec = audio.Codec,
        Profile = audio.Profile,
        Language = string.IsNullOrEmpty(audio.Language) || audio.Language == "und" ? null : audio.Language,
        Channels = audio.Channels is > 0 ? audio.Channels : null,
        ChannelLayout = audio.Channels switch { 1 => "mono", 2 => "stereo", 6 => "5.1", 8 => "7.1", _ => null },
        SampleRate = audio.SampleRate is > 0 ? audio.SampleRate : null,
        BitRate = Bits(bitRate),
    };

    private static int? Bits(long rate) => rate <= 0 ? null : (int)Math.Min(rate, int.MaxValue);

    // Without a rate the server assumes 20 Mbit/s for 1080 lines, and converts for every client that is limited to less.
    private static long VideoBitRateGuess(VideoFacts video)
    {
        var rate = video.Width switch { >= 3000 => 18_000_000L, >= 1900 => 8_000_000L, >= 1200 => 4_500_000L, _ => 2_500_000L };
        return video.Codec switch { "hevc" or "av1" => rate * 2 / 3, "mpeg2video" or "mpeg1video" => rate * 2, _ => rate };
    }

    private static string? AspectOf(VideoFacts video)
    {
        if (video is not { Width: > 0, Height: > 0 })
        {
            return null;
        }

        var (across, down) = SampleAspect(video.SampleAspect);
        var ratio = (double)video.Width.Value * across / ((double)video.Height.Value * down);
        return Math.Abs(ratio - (16d / 9)) < 0.02 ? "16:9"
            : Math.Abs(ratio - (4d / 3)) < 0.02 ? "4:3"
            : string.Create(CultureInfo.InvariantCulture, $"{ratio:0.##}:1");
    }

    private static (int Across, int Down) SampleAspect(string? text)
    {
        var parts = text?.Split(':');
        return parts is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var across)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var down)
            && across > 0 && down > 0
            ? (across, down)
            : (1, 1);
    }
}
