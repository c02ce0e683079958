using System.Globalization;
using System.Reflection;
using System.Text;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.LiveTv;

namespace Coax.Harness.Checks;

/// <summary>The guide as the host asks for it, with an engine whose guide the check writes itself.</summary>
internal static class GuideChecks
{
    private static readonly ListingsProviderInfo Entry = new() { Id = "guide", Type = "coax" };
    private static readonly DateTime From = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("a guide is fetched once for a refresh of all channels, and after a restart only if it has changed", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            engine.Guide = GuideEngine.Head() + """{"channelId":"c1","programmes":[""" + GuideEngine.Programme("p1") + "]}\n"
                + """{"channelId":"c2","programmes":[""" + GuideEngine.Programme("p1") + "," + GuideEngine.Programme("p2", 1795302000) + "]}\n" + GuideEngine.End(2, 3);
            var folders = context.NewFolders(engine.Settings());
            await using (var host = await ReadyAsync(context, folders).ConfigureAwait(false))
            {
                _ = await host.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
                Expect.Equal(1, (await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false)).Count, "programmes of the first channel");
                Expect.Equal(2, (await ProgrammesAsync(host, "coax_c2").ConfigureAwait(false)).Count, "programmes of the second channel");
                Expect.Equal(0, (await ProgrammesAsync(host, "coax_c3").ConfigureAwait(false)).Count, "programmes of a channel without any");
                Expect.Equal("whole", string.Join(' ', engine.Asked.Select(known => known ?? "whole")), "calls for the guide");
            }

            await using var again = await ReadyAsync(context, folders).ConfigureAwait(false);
            _ = await again.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal(2, (await ProgrammesAsync(again, "coax_c2").ConfigureAwait(false)).Count, "programmes after the restart");
            Expect.Equal("whole g1", string.Join(' ', engine.Asked.Select(known => known ?? "whole")), "calls for the guide");
        });

        yield return ("the guide's channels carry the tuner's ids", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
            await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
            var tuner = await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
            var guide = await host.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal(string.Join(' ', tuner.Select(channel => channel.Id)), string.Join(' ', guide.Select(channel => channel.Id)), "ids");
        });

        yield return ("a guide that is cut short is not used, and ends the host's refresh instead of emptying it", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            var whole = engine.Guide;
            foreach (var (text, what) in new[]
            {
                (whole[..^30], "cut in the end line"),
                (whole[..120], "cut in a channel"),
                (GuideEngine.Head(), "only a head"),
                (GuideEngine.Head() + GuideEngine.End(1, 1), "a channel is missing"),
                ("<html>Sign in to the network</html>\n", "another server's page"),
                (string.Empty, "nothing"),
            })
            {
                engine.Guide = text;
                await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
                _ = await host.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
                await Expect.ThrowsAsync<OperationCanceledException>(() => ProgrammesAsync(host, "coax_c1"), what).ConfigureAwait(false);
            }
        });

        yield return ("with the engine down the saved guide is served, and without one nothing is deleted", async context =>
        {
            var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            var folders = context.NewFolders(engine.Settings());
            await using (var host = await ReadyAsync(context, folders).ConfigureAwait(false))
            {
                _ = await host.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
                Expect.Equal(1, (await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false)).Count, "programmes");
            }

            await engine.DisposeAsync().ConfigureAwait(false);
            await using var lone = await context.StartHostAsync(folders).ConfigureAwait(false);
            Expect.Equal(1, (await ProgrammesAsync(lone, "coax_c1").ConfigureAwait(false)).Count, "programmes of the saved guide");
            await using var bare = await context.StartHostAsync(context.NewFolders(engine.Settings())).ConfigureAwait(false);
            await Expect.ThrowsAsync<OperationCanceledException>(() => ProgrammesAsync(bare, "coax_c1"), "no guide at all").ConfigureAwait(false);
        });

        yield return ("a programme's fields are all passed on", async context =>
        {
            const string More = """
                ,"episodeTitle":"Pilot","description":"How it began.","genres":["Drama","Crime","drama","Thriller","Mystery"],"season":2,"episode":3,"year":2019,"airDate":"2019-03-04",
                "rating":"TV-14","stars":7.5,"isSeries":true,"isKids":true,"isNews":true,"isSports":true,"isLive":true,"isPremiere":true,"isRepeat":true,
                "seriesId":"s1","showId":"e1","ids":{"imdb":"tt1","tmdb":"2","seriesTvdb":"3","other":"4"},"hd":true
                """;
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            engine.Guide = GuideEngine.Text("c1", GuideEngine.Programme("p1", 1795300000, "A show", More.ReplaceLineEndings(string.Empty)), GuideEngine.Programme("p2", 1795302000, "A film", ""","isMovie":true,"episodeTitle":"x","year":1999"""));
            await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
            var programmes = await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false);
            var show = programmes[0];
            var told = string.Create(CultureInfo.InvariantCulture, $"{show.Name}|{show.EpisodeTitle}|{show.Overview}|{string.Join('+', show.Genres)}|{show.SeasonNumber}|{show.EpisodeNumber}|{show.ProductionYear}|{show.OriginalAirDate:yyyy-MM-dd}|{show.OfficialRating}|{show.CommunityRating}|{show.SeriesId}|{show.ShowId}|{show.IsHD}");
            Expect.Equal("A show|Pilot|How it began.|Drama+Crime+Thriller|2|3|2019|2019-03-04|TV-14|7.5|s1|e1|True", told, "fields");
            Expect.True(show is { IsSeries: true, IsMovie: false, IsKids: true, IsNews: true, IsSports: true, IsLive: true, IsPremiere: true, IsRepeat: true }, "flags");
            Expect.Equal("tt1 2 3", $"{show.ProviderIds.GetValueOrDefault("Imdb")} {show.ProviderIds.GetValueOrDefault("Tmdb")} {show.SeriesProviderIds.GetValueOrDefault("Tvdb")}", "ids of other services");
            Expect.True(!show.ProviderIds.ContainsKey("Other"), "an unknown service is left out");
            Expect.True(programmes[1] is { IsMovie: true, IsSeries: false, EpisodeTitle: null, ProductionYear: 1999 }, "a film is no series");
            Expect.True(programmes[1].Etag!.StartsWith("xmltv-sha256-v1:", StringComparison.Ordinal), "12 knows the etag by its prefix");
        });

        yield return ("what overlaps the time span is given, once for each id, as objects of their own, and nothing for another's channel", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            engine.Guide = GuideEngine.Text("c1", [.. Enumerable.Range(0, 10).Select(at => GuideEngine.Programme($"p{at % 9}", 1795300000 + (at * 1800)))]);
            await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
            var start = DateTimeOffset.FromUnixTimeSeconds(1795300000).UtcDateTime;
            var span = (await host.Guide.GetProgramsAsync(Entry, "coax_c1", start.AddMinutes(45), start.AddMinutes(90), CancellationToken.None).ConfigureAwait(false)).ToList();
            Expect.Equal("coax_p1 coax_p2", string.Join(' ', span.Select(programme => programme.Id)), "what overlaps 45 to 90 minutes");
            var first = await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false);
            Expect.Equal(9, first.Count, "ids");
            first[0].Id += "_changed by the host";
            Expect.Equal("coax_p0", (await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false))[0].Id, "the id of the next call");
            Expect.Equal(0, (await ProgrammesAsync(host, "m3u_0123").ConfigureAwait(false)).Count, "another tuner's channel");
        });

        yield return ("on 10.11 an unchanged programme looks unchanged and a changed one changed, within a millisecond of its times", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            engine.Guide = GuideEngine.Text("c1", GuideEngine.Programme("p1", etag: "aa"), GuideEngine.Programme("p2", 1795302000, etag: "bb"));
            var folders = context.NewFolders(engine.Settings());
            List<ProgramInfo> before;
            await using (var host = await ReadyAsync(context, folders).ConfigureAwait(false))
            {
                before = await ProgrammesAsync(host, "coax_c1").ConfigureAwait(false);
            }

            engine.Guide = GuideEngine.Text("c1", GuideEngine.Programme("p1", etag: "aa"), GuideEngine.Programme("p2", 1795302000, "Changed", etag: "cc"));
            engine.Revision = "g2";
            await using var again = await ReadyAsync(context, folders).ConfigureAwait(false);
            _ = await again.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
            var after = await ProgrammesAsync(again, "coax_c1").ConfigureAwait(false);
            Expect.Equal(Compared(before[0]), Compared(after[0]), "the unchanged programme");
            Expect.True(before[1].StartDate != after[1].StartDate || before[1].EndDate != after[1].EndDate, "the changed one has other times");
            Expect.True(before[1].ProviderIds["ProgramEtag"] != after[1].ProviderIds["ProgramEtag"], "and another etag");
            var exact = DateTimeOffset.FromUnixTimeSeconds(1795302000).UtcDateTime;
            Expect.True(after[1].StartDate >= exact && after[1].StartDate < exact.AddMilliseconds(1), "less than a millisecond late");
        });

        yield return ("a guide of 200,000 programmes is kept on disk: memory does not grow with it", async context =>
        {
            const int Channels = 400;
            const int Each = 500;
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            var text = new StringBuilder(GuideEngine.Head());
            for (var channel = 0; channel < Channels; channel++)
            {
                text.Append("{\"channelId\":\"c").Append(channel).Append("\",\"programmes\":[").AppendJoin(',', Enumerable.Range(0, Each).Select(at => GuideEngine.Programme($"p{at}", 1795300000 + (at * 1800), "A title of usual length"))).Append("]}\n");
            }

            engine.Guide = text.Append(GuideEngine.End(Channels, Channels * Each)).ToString();
            await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            _ = await host.Guide.GetChannels(Entry, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal(Each, (await ProgrammesAsync(host, "coax_c399").ConfigureAwait(false)).Count, "programmes of the last channel");
            var grown = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024;
            context.Figures["kilobytes"] = grown;
            context.Figures["guideKilobytes"] = text.Length / 1024;
            Expect.True(grown < 8 * 1024, $"{grown} kB more for a guide of {text.Length / 1024} kB");
        });

        yield return ("the host's guide refresh is due when changes have settled, none runs and the last one is long enough ago", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, context.NewFolders(engine.Settings())).ConfigureAwait(false);
            var plan = host.PluginAssembly.GetType("Jellyfin.Plugin.Coax.Provisioning.RefreshPlan", throwOnError: true)!.GetMethod("Next", BindingFlags.Public | BindingFlags.Static)!;
            var last = host.PluginAssembly.GetType("Jellyfin.Plugin.Coax.Provisioning.LastRefresh", throwOnError: true)!;
            var now = From.AddDays(1);
            object? Last(double startAgo, double endAgo, bool completed) => Activator.CreateInstance(last, now.AddSeconds(-startAgo), now.AddSeconds(-endAgo), completed);
            foreach (var (expected, changedAgo, runs, ended, failures) in new (string, double?, bool, object?, int)[]
            {
                ("Nothing", null, false, null, 0),
                ("Wait", 2, false, null, 0),
                ("Start", 6, false, null, 0),
                ("Wait", 6, true, null, 0),
                ("Wait", 8, false, Last(20, 10, true), 0),
                ("Start", 40, false, Last(50, 45, true), 0),
                ("Start", 70, false, Last(90, 80, true), 0),
                ("Done", 70, false, Last(60, 30, true), 0),
                ("Wait", 70, false, Last(60, 30, false), 0),
                ("Wait", 700, false, Last(900, 300, true), 0),
                ("Start", 700, false, Last(1500, 800, true), 0),
                ("Wait", 200, false, Last(100, 90, false), 1),
                ("Start", 200, false, Last(150, 130, false), 1),
                ("Start", 9_000, false, Last(8_000, 4_000, false), 9),
                ("Start", 9_000, false, Last(10_000, -5_000, false), 0),
            })
            {
                var step = plan.Invoke(null, [now, changedAgo is null ? null : now.AddSeconds(-changedAgo.Value), runs, ended, failures])!.ToString();
                Expect.Equal(expected, step, $"changed {changedAgo} s ago, {(runs ? "runs" : "idle")}, last {ended}, {failures} failures");
            }
        });
    }

    private static async Task<TestHost> ReadyAsync(CheckContext context, HostFolders folders)
    {
        var host = await context.StartHostAsync(folders).ConfigureAwait(false);
        await new EngineDoor(host).PhaseAsync("Ready", TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        return host;
    }

    private static async Task<List<ProgramInfo>> ProgrammesAsync(TestHost host, string channel) =>
        [.. await host.Guide.GetProgramsAsync(Entry, channel, From, From.AddYears(1), CancellationToken.None).ConfigureAwait(false)];

    private static string Compared(ProgramInfo programme) => $"{programme.Id} {programme.StartDate:O} {programme.EndDate:O} {programme.ProviderIds["ProgramEtag"]} {programme.Etag}";
}
