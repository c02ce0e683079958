using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Coax.Harness.Checks;

/// <summary>What is left of the plugin in the process once the host has stopped it.</summary>
internal static class UnloadingChecks
{
    private const string Name = "nothing of the plugin holds its load context once the host has stopped: it goes, with all that was loaded into it";
    private const string Alone = "COAX_HARNESS_ALONE";

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return (Name, async context =>
        {
            if (Environment.GetEnvironmentVariable(Alone) is null)
            {
                await RunAloneAsync(context).ConfigureAwait(false);
                return;
            }

            var plugin = await UseAsync(context).ConfigureAwait(false);
            var round = 0;
            context.Figures["unloadedMs"] = Math.Round((await Expect.SoonAsync(() => IsGoneAsync(plugin, ++round), TimeSpan.FromSeconds(20), "the load context is collected").ConfigureAwait(false)).TotalMilliseconds);
        });
    }

    // In a process of its own: other hosts that run, or have run, in this one would be looked at as well.
    private static async Task RunAloneAsync(CheckContext context)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment[Alone] = "1";
        var arguments = Environment.GetCommandLineArgs();
        for (var at = 0; at < arguments.Length; at++)
        {
            if (arguments[at] == "--only")
            {
                at++;
            }
            else
            {
                start.ArgumentList.Add(arguments[at]);
            }
        }

        start.ArgumentList.Add("--only");
        start.ArgumentList.Add(Name);
        using var child = Process.Start(start)!;
        try
        {
            var output = await child.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(55)).ConfigureAwait(false);
            var line = JsonDocument.Parse(output.Split('\n').First(text => text.StartsWith('{'))).RootElement;
            foreach (var figure in line.GetProperty("figures").EnumerateObject())
            {
                context.Figures[figure.Name] = figure.Value.GetDouble();
            }

            Expect.True(line.GetProperty("ok").GetBoolean(), line.GetProperty("message").GetString() ?? "it failed");
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill(entireProcessTree: true);
            }
        }
    }

    // Without its controllers: caches of ASP.NET keep the types of controllers that were mapped once, whoever's they are, also those of an assembly that has done nothing else.
    // Nothing of the plugin may stay in a local of the check itself. The host is not the context's: that one keeps its hosts for their logs.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAsync(CheckContext context)
    {
        var host = await TestHost.StartAsync(context.NewFolders(), context.Options.Plugin, withControllers: false).ConfigureAwait(false);
        try
        {
            await UseAsync(host).ConfigureAwait(false);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return await host.StopAsync().ConfigureAwait(false);
    }

    // Everything that might leave something behind: the engine and its pipes, timers, channels, a stream that is read, the guide, a task.
    private static async Task UseAsync(TestHost host)
    {
        await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
        var channel = (await host.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false))[0].Id!;
        _ = await host.Guide.GetChannels(new(), CancellationToken.None).ConfigureAwait(false);
        _ = await host.Guide.GetProgramsAsync(new(), channel, DateTime.UtcNow, DateTime.UtcNow.AddDays(1), CancellationToken.None).ConfigureAwait(false);
        await host.Tasks[0].ExecuteAsync(new Progress<double>(), CancellationToken.None).ConfigureAwait(false);
        var stream = await host.Tuner.GetChannelStream(channel, "unload", [], CancellationToken.None).ConfigureAwait(false);
        using (var bytes = stream.GetStream())
        {
            await bytes.ReadExactlyAsync(new byte[188]).ConfigureAwait(false);
        }

        await stream.Close().ConfigureAwait(false);
        stream.Dispose();
    }

    // System.Text.Json keeps what it has made for a type until it makes something again, a second later at the earliest; only then it lets old things go.
    private static async Task<bool> IsGoneAsync(WeakReference plugin, int round)
    {
        await Task.Delay(250).ConfigureAwait(false);
        _ = JsonSerializer.Serialize(new { round }, new JsonSerializerOptions { MaxDepth = 64 + round });
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return !plugin.IsAlive;
    }
}
