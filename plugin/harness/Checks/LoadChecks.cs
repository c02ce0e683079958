using System.Diagnostics;

namespace Coax.Harness.Checks;

/// <summary>Many opens: what they cost the host, and that nothing stays behind.</summary>
internal static class LoadChecks
{
    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("opening a channel costs the host at most 50 ms below its lock (p95)", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var times = new List<double>();
            for (var round = 0; round < 120; round++)
            {
                var channel = await StreamChecks.ChannelAsync(host, round).ConfigureAwait(false);
                var source = (await host.Live.SourcesAsync(channel).ConfigureAwait(false))[0];
                var clock = Stopwatch.StartNew();
                var stream = await host.Live.OpenSourceAsync(channel, source.Id).ConfigureAwait(false);
                times.Add(clock.Elapsed.TotalMilliseconds);
                await StreamChecks.CloseAsync(host, stream).ConfigureAwait(false);
            }

            // The first twenty compile the code.
            var sorted = times.Skip(20).Order().ToList();
            var p95 = sorted[(int)(sorted.Count * 0.95)];
            context.Figures["p50Ms"] = Math.Round(sorted[sorted.Count / 2], 2);
            context.Figures["p95Ms"] = Math.Round(p95, 2);
            context.Figures["maxMs"] = Math.Round(sorted[^1], 2);
            context.Figures["firstMs"] = Math.Round(times[0], 1);
            Expect.True(p95 <= 50, $"p95 is {p95:0.0} ms");
        });

        yield return ("after 1,000 opens and closes the provider counts no connection, and host and engine hold no stream", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            for (var round = 0; round < 250; round++)
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(async viewer =>
                {
                    var channel = await StreamChecks.ChannelAsync(host, round + viewer).ConfigureAwait(false);
                    var stream = await host.AsDeviceAsync($"device-{viewer}", () => host.Live.OpenAsync(channel)).ConfigureAwait(false);
                    if ((round + viewer) % 10 == 0)
                    {
                        await using var reader = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false);
                        await Reading.BytesAsync(reader, 188, TimeSpan.FromMilliseconds(50)).ConfigureAwait(false);
                    }

                    await StreamChecks.CloseAsync(host, stream).ConfigureAwait(false);
                })).ConfigureAwait(false);
            }

            context.Figures["opensMs"] = clock.ElapsedMilliseconds;
            Expect.Equal(0, host.Live.Open.Count, "open streams of the host");
            context.Figures["providerQuietMs"] = Math.Round((await context.Provider.QuietAsync(TimeSpan.FromSeconds(20)).ConfigureAwait(false)).TotalMilliseconds);
            var engine = new EngineDoor(host);
            await Expect.SoonAsync(async () => (await engine.GetAsync("/host/v1/streams").ConfigureAwait(false)).GetProperty("streams").GetArrayLength() == 0, TimeSpan.FromSeconds(10), "the engine holds no stream").ConfigureAwait(false);
            var state = await context.Provider.StateAsync().ConfigureAwait(false);
            context.Figures["opened"] = state.GetProperty("opened").GetInt32();
            context.Figures["peak"] = state.GetProperty("peak").GetInt32();
        });
    }
}
