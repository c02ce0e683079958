using System.Diagnostics;

namespace Coax.Harness.Checks;

/// <summary>The tuner host's list, and what it says of channels that are not its own.</summary>
internal static class ChannelChecks
{
    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("channels are listed with stable ids, the saved tuner's id, names and logos", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var tuner = host.Configuration.LiveTv.TunerHosts.Single(info => info.Type == "coax");
            var channels = await host.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false);
            context.Figures["channels"] = channels.Count;
            Expect.True(channels.Count > 0, "there are channels");
            Expect.Equal(channels.Count, channels.Select(channel => channel.Id).Distinct().Count(), "different ids");
            foreach (var channel in channels)
            {
                Expect.True(channel.Id!.StartsWith("coax_", StringComparison.Ordinal), $"id {channel.Id} has our prefix");
                Expect.Equal(tuner.Id, channel.TunerHostId, "TunerHostId");
                Expect.True(!string.IsNullOrWhiteSpace(channel.Name), "a channel has a name");
            }

            var again = await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal(string.Join(",", channels.Select(channel => channel.Id).Order()), string.Join(",", again.Select(channel => channel.Id).Order()), "the same ids");
            Expect.True(!ReferenceEquals(channels[0], again[0]), "each call gives objects of its own, as the host changes them");
        });

        yield return ("a logo is an address of the engine, and answers with a picture", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var channels = await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
            var logos = channels.Where(channel => channel.ImageUrl is not null).Select(channel => new Uri(channel.ImageUrl!)).ToList();
            if (logos.Count == 0)
            {
                throw new CheckSkippedException("no channel has a logo");
            }

            Expect.True(logos.All(logo => logo.IsLoopback), "logos lead to the engine, never to a provider");
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var answer = await client.GetAsync(logos[0]).ConfigureAwait(false);
            Expect.True(answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType?.StartsWith("image/", StringComparison.Ordinal) == true, $"{answer.StatusCode} {answer.Content.Headers.ContentType}");
        });

        yield return ("the list that a guide refresh asks for once per channel costs no call", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            for (var round = 0; round < 200; round++)
            {
                _ = await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false);
            }

            var each = clock.Elapsed.TotalMilliseconds / 200;
            context.Figures["msEach"] = Math.Round(each, 3);
            Expect.True(each < 5, $"{each:0.0} ms each");
        });

        yield return ("a channel of another tuner is left to it", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            Expect.Equal(0, (await host.Tuner.GetChannelStreamMediaSources("m3u_0123", CancellationToken.None).ConfigureAwait(false)).Count, "media sources");
            await Expect.ThrowsAsync<FileNotFoundException>(() => host.Tuner.GetChannelStream("m3u_0123", "x", [], CancellationToken.None), "another tuner's channel").ConfigureAwait(false);
            await Expect.ThrowsAsync<FileNotFoundException>(() => host.Tuner.GetChannelStream("coax_nosuchchannel", "x", [], CancellationToken.None), "a channel that is gone").ConfigureAwait(false);
        });

        yield return ("one tuner and one guide that is bound to it are made, and a restart makes no more, even if they were deleted", async context =>
        {
            var folders = context.NewFolders();
            var named = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
            var host = await context.StartHostAsync(folders, named).ConfigureAwait(false);
            await Expect.SoonAsync(() => host.Configuration.LiveTv.ListingProviders.Length > 0, TimeSpan.FromSeconds(20), "a guide is made").ConfigureAwait(false);
            var options = host.Configuration.LiveTv;
            Expect.Equal("coax", string.Join(',', options.TunerHosts.Select(tuner => tuner.Type)), "tuners");
            Expect.Equal("coax", string.Join(',', options.ListingProviders.Select(guide => guide.Type)), "guides");
            var guide = options.ListingProviders[0];
            Expect.True(!guide.EnableAllTuners, "EnableAllTuners is off");
            Expect.Equal(options.TunerHosts[0].Id, string.Join(',', guide.EnabledTuners ?? []), "EnabledTuners");
            await host.DisposeAsync().ConfigureAwait(false);
            options.TunerHosts = [];
            options.ListingProviders = [];
            await using var second = await context.StartHostAsync(folders, named).ConfigureAwait(false);
            await Task.Delay(2000).ConfigureAwait(false);
            Expect.Equal(0, second.Configuration.LiveTv.TunerHosts.Length + second.Configuration.LiveTv.ListingProviders.Length, "entries after they were deleted");
        });
    }
}
