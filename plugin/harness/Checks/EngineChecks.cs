using System.Diagnostics;
using MediaBrowser.Controller.Library;
using Microsoft.Extensions.Logging;

namespace Coax.Harness.Checks;

/// <summary>The engine's life below the host's: it dies, does not start, or the host starts again.</summary>
internal static class EngineChecks
{
    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("the engine is one program, and nothing secret is in its arguments or environment", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var pids = EngineProcesses.Of(host.Folders);
            Expect.Equal(1, pids.Count, "engine programs");
            var told = await File.ReadAllTextAsync($"/proc/{pids[0]}/cmdline").ConfigureAwait(false) + await File.ReadAllTextAsync($"/proc/{pids[0]}/environ").ConfigureAwait(false);
            Expect.True(!told.Contains("token", StringComparison.OrdinalIgnoreCase) || !told.Contains("COAX", StringComparison.Ordinal), "no token");
            Expect.True(!told.Contains("secret-pass", StringComparison.Ordinal), "no password");
        });

        yield return ("an engine that is killed is back within 3 s, and who reads goes on", async context =>
        {
            var folders = context.NewFolders();
            await using var host = await context.StartHostAsync(folders).ConfigureAwait(false);
            await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
            var engine = new EngineDoor(host);
            await engine.PhaseAsync("Ready", TimeSpan.FromSeconds(20)).ConfigureAwait(false);
            var stream = await host.Live.OpenAsync(await StreamChecks.ChannelAsync(host, 0).ConfigureAwait(false)).ConfigureAwait(false);
            await using var reader = ((IDirectStreamProvider)stream).GetStream();
            await using var ffmpeg = await Reading.AsFfmpegAsync(stream).ConfigureAwait(false);
            Expect.True((await Reading.BytesAsync(reader, 200_000, TimeSpan.FromSeconds(10)).ConfigureAwait(false)).Length >= 200_000, "bytes before");
            var pid = EngineProcesses.Of(folders).Single();
            var clock = Stopwatch.StartNew();
            EngineProcesses.Kill(pid);
            await Expect.SoonAsync(() => engine.Phase == "Ready" && EngineProcesses.Of(folders) is [var now] && now != pid, TimeSpan.FromSeconds(10), "another engine is ready").ConfigureAwait(false);
            context.Figures["backMs"] = clock.ElapsedMilliseconds;
            // What was in flight may still be read; more than that comes from the new engine.
            var after = await Reading.BytesAsync(reader, 1_500_000, TimeSpan.FromSeconds(20)).ConfigureAwait(false);
            context.Figures["readerMs"] = clock.ElapsedMilliseconds;
            Expect.True(after.Length >= 1_500_000, $"the host's reader goes on, not only {after.Length} bytes");
            var ended = Task.Run(async () =>
            {
                try
                {
                    await Reading.ForAsync(ffmpeg, TimeSpan.FromSeconds(5)).ConfigureAwait(false);
                }
                catch (Exception error) when (error is IOException or HttpRequestException)
                {
                    // A broken connection is a clear end as well.
                }
            });
            Expect.True(await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(3))).ConfigureAwait(false) == ended, "ffmpeg's connection has ended");
            var limit = context.Figures["backMs"];
            await StreamChecks.CloseAsync(host, stream).ConfigureAwait(false);
            Expect.True((long)limit <= 3000, $"the engine was back after {limit} ms");
        });

        yield return ("who asks while the engine is started again, as was asked, is not told that it runs", async context =>
        {
            await using var host = await context.StartHostAsync(context.NewFolders()).ConfigureAwait(false);
            var engine = new EngineDoor(host);
            await engine.PhaseAsync("Ready", TimeSpan.FromSeconds(20)).ConfigureAwait(false);
            var runs = engine.Message;
            var restart = engine.RestartAsync();
            var refused = new List<string>();
            await Expect.SoonAsync(
                async () =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/host/v1/health", UriKind.Relative));
                    try
                    {
                        using var answer = await engine.SendAsync(request).ConfigureAwait(false);
                        return refused.Count > 0 && answer.IsSuccessStatusCode;
                    }
                    catch (Exception error) when (error.GetType().Name == "EngineUnavailableException")
                    {
                        refused.Add(error.Message);
                        return false;
                    }
                },
                TimeSpan.FromSeconds(20),
                "the engine answers again").ConfigureAwait(false);
            await restart.ConfigureAwait(false);
            Expect.True(!refused.Contains(runs), $"a refusal does not say \"{runs}\"");
        });

        yield return ("where the engine can not be started the host goes on, and the status says what to do", async context =>
        {
            if (OperatingSystem.IsWindows())
            {
                throw new CheckSkippedException("the Node that fails is a shell script");
            }

            var folders = context.NewFolders();
            string before;
            await using (var host = await context.StartHostAsync(folders).ConfigureAwait(false))
            {
                await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
                before = string.Join(',', (await host.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false)).Select(channel => channel.Id));
            }

            // A Node that gives its version and then fails.
            var node = Path.Combine(folders.Root, "node");
            await File.WriteAllTextAsync(node, "#!/bin/sh\n[ \"$1\" = --version ] && echo v24.0.0 && exit 0\necho 'no engine today' >&2\nexit 3\n").ConfigureAwait(false);
            File.SetUnixFileMode(node, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            folders.Configure(new Dictionary<string, string> { ["NodePath"] = node });
            var named = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
            await using var again = await context.StartHostAsync(folders, named).ConfigureAwait(false);
            Expect.True(again.StartTook < TimeSpan.FromSeconds(3), $"the start took {again.StartTook.TotalSeconds:0.0} s");
            var engine = new EngineDoor(again);
            await Expect.SoonAsync(() => engine.Phase is "Failed" or "Restarting" && engine.Message.Length > 20, TimeSpan.FromSeconds(20), "the status tells of a failure").ConfigureAwait(false);
            context.Figures["message"] = engine.Message;
            Expect.True(again.Log.Lines.Any(line => line.Level >= LogLevel.Warning && line.Category.Contains("Coax", StringComparison.Ordinal)), "a warning in the host's log");
            // The tuner entry of the first run is gone with its configuration; a host keeps it.
            again.Configuration.LiveTv.TunerHosts = [new MediaBrowser.Model.LiveTv.TunerHostInfo { Id = "kept", Type = "coax" }];
            var clock = Stopwatch.StartNew();
            var channels = await again.Tuner.GetChannels(false, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false);
            context.Figures["channelsMs"] = clock.ElapsedMilliseconds;
            Expect.Equal(before, string.Join(',', channels.Select(channel => channel.Id)), "the last known channels");
            await Expect.ThrowsAsync<Exception>(() => again.Live.OpenAsync(channels[0].Id!), "opening").ConfigureAwait(false);
            Expect.True(clock.Elapsed < TimeSpan.FromSeconds(25), $"all of it took {clock.Elapsed.TotalSeconds:0} s");
        });

        yield return ("a host that restarts in process ends the engine and starts one anew, with the same channels", async context =>
        {
            var folders = context.NewFolders();
            var named = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
            var host = await context.StartHostAsync(folders, named).ConfigureAwait(false);
            await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
            var channels = (await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false)).Select(channel => channel.Id).ToList();
            var clock = Stopwatch.StartNew();
            await host.DisposeAsync().ConfigureAwait(false);
            context.Figures["stopMs"] = clock.ElapsedMilliseconds;
            Expect.Equal(0, EngineProcesses.Of(folders).Count, "engine programs after the stop");
            await using var next = await context.StartHostAsync(folders, named).ConfigureAwait(false);
            var known = (await next.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false)).Select(channel => channel.Id).ToList();
            Expect.Equal(string.Join(',', channels), string.Join(',', known), "channels at once, from the last run");
            await new EngineDoor(next).PhaseAsync("Ready", TimeSpan.FromSeconds(20)).ConfigureAwait(false);
            Expect.Equal(1, EngineProcesses.Of(folders).Count, "engine programs");
            var stream = await next.Live.OpenAsync(channels[0]!).ConfigureAwait(false);
            await StreamChecks.CloseAsync(next, stream).ConfigureAwait(false);
        });

        yield return ("uninstalling ends the engine and takes back what was registered", async context =>
        {
            var folders = context.NewFolders();
            await using var host = await context.StartHostAsync(folders).ConfigureAwait(false);
            await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
            Expect.Equal(1, EngineProcesses.Of(folders).Count, "engine programs before");
            host.Plugin!.OnUninstalling();
            Directory.Delete(host.Package.Folder, recursive: true);
            await Expect.SoonAsync(() => EngineProcesses.Of(folders).Count == 0, TimeSpan.FromSeconds(10), "no engine program").ConfigureAwait(false);
            Expect.Equal(0, host.Configuration.LiveTv.TunerHosts.Length, "tuners");
            Expect.Equal(0, host.Configuration.LiveTv.ListingProviders.Length, "guides");
        });
    }
}
