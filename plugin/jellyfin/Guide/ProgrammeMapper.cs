using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller.LiveTv;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>Makes the host's programmes of the engine's.</summary>
public static class ProgrammeMapper
{
    /// <summary>12 skips a programme whose etag begins so and equals the stored one (XmlTvProgramEtag.cs).</summary>
    private const string EtagPrefix = "xmltv-sha256-v1:";

    /// <summary>Where the host keeps a programme's etag (GuideManager.cs).</summary>
    private const string EtagProvider = "ProgramEtag";

    /// <summary>Stands before the key of a series' id: <c>seriesTvdb</c>.</summary>
    private const string SeriesKey = "series";

    /// <summary>Changes whenever the same programme is mapped to other fields, so that stored ones are renewed.</summary>
    private const string Mapping = "2";

    /// <summary>The server keeps a row per genre and programme, and some guides give a dozen: the same in three languages.</summary>
    private const int MostGenres = 3;

    /// <summary>
    /// A new object for each call, as the host changes what it gets. <paramref name="picture"/> is a file on this machine.
    /// With <paramref name="markTimes"/> the etag is given in the way that 10.11 understands.
    /// </summary>
    public static ProgramInfo Map(EngineProgramme programme, string? picture, bool markTimes)
    {
        ArgumentNullException.ThrowIfNull(programme);
        var isSeries = !programme.IsMovie && (programme.IsSeries || programme.Season is not null || programme.Episode is not null || !string.IsNullOrEmpty(programme.EpisodeTitle));
        var info = new ProgramInfo
        {
            Id = "coax_" + programme.Id,
            Name = programme.Title,
            Overview = Given(programme.Description),
            StartDate = Utc(programme.Start),
            EndDate = Utc(programme.Stop),
            Genres = [.. (programme.Genres ?? []).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostGenres)],
            EpisodeTitle = programme.IsMovie ? null : Given(programme.EpisodeTitle),
            SeasonNumber = programme.IsMovie ? null : programme.Season,
            EpisodeNumber = programme.IsMovie ? null : programme.Episode,
            ProductionYear = programme.Year,
            OriginalAirDate = Date(programme.AirDate),
            OfficialRating = Given(programme.Rating),
            CommunityRating = (float?)programme.Stars,
            IsHD = programme.Hd,
            IsMovie = programme.IsMovie,
            IsSeries = isSeries,
            IsSports = programme.IsSports,
            IsNews = programme.IsNews,
            IsKids = programme.IsKids,
            IsLive = programme.IsLive,
            IsPremiere = programme.IsPremiere,
            IsRepeat = programme.IsRepeat && !programme.IsNew,
            SeriesId = isSeries ? Given(programme.SeriesId) : null,
            ShowId = Given(programme.ShowId),
            ImagePath = picture,
            HasImage = picture is not null,
        };
        AddIds(info, programme.Ids);
        AddEtag(info, programme, picture, markTimes);
        return info;
    }

    private static void AddIds(ProgramInfo info, IReadOnlyDictionary<string, string>? ids)
    {
        foreach (var (key, id) in ids ?? new Dictionary<string, string>())
        {
            var ofSeries = key.StartsWith(SeriesKey, StringComparison.Ordinal);
            if (HostName(ofSeries ? key[SeriesKey.Length..] : key) is { } name)
            {
                (ofSeries ? info.SeriesProviderIds : info.ProviderIds)[name] = id;
            }
        }
    }

    private static string? HostName(string key) => key.ToUpperInvariant() switch
    {
        "IMDB" => "Imdb",
        "TMDB" => "Tmdb",
        "TVDB" => "Tvdb",
        _ => null,
    };

    /// <summary>
    /// 12 stores the etag and skips the programme while it is the same. 10.11 forgets the etag it was given and writes every programme in every
    /// refresh, unless the etag stands among the provider ids; then it compares only the times, and a few more fields. So there the times carry
    /// the etag: less than a millisecond each, that no client shows and that survives in the host's database.
    /// </summary>
    private static void AddEtag(ProgramInfo info, EngineProgramme programme, string? picture, bool markTimes)
    {
        if (string.IsNullOrEmpty(programme.Etag))
        {
            return;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Mapping}|{programme.Etag}|{picture}"));
        info.Etag = EtagPrefix + Convert.ToHexString(hash);
        if (!markTimes)
        {
            return;
        }

        info.ProviderIds[EtagProvider] = info.Etag;
        info.StartDate = info.StartDate.AddTicks(Mark(hash));
        info.EndDate = info.EndDate.AddTicks(Mark(hash.AsSpan(4)));
    }

    private static long Mark(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt32BigEndian(hash) % TimeSpan.TicksPerMillisecond;

    private static DateTime Utc(long unix) => DateTimeOffset.FromUnixTimeSeconds(unix).UtcDateTime;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static DateTime? Date(string? text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date) ? date : null;
}
