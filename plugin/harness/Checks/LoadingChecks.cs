using MediaBrowser.Common.Plugins;
using MediaBrowser.Model.Plugins;

namespace Coax.Harness.Checks;

/// <summary>What a host does with the package before anything is asked of the plugin.</summary>
internal static class LoadingChecks
{
    private static readonly Guid Id = new("6d0f7a52-2f0b-4c5e-9c1e-8a54c0a7d3b1");

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("the package names its own assembly only, and every type of it loads", context =>
        {
            using var package = PluginPackage.Open(context.Options.Plugin, context.Options.Scratch);
            Expect.Equal("Jellyfin.Plugin.Coax.dll", string.Join(", ", package.Assemblies.Select(Path.GetFileName)), "assemblies");
            Expect.Equal("10.11.0.0", package.Manifest.TargetAbi, "targetAbi");
            Expect.Equal(Id, package.Manifest.Guid, "guid");
            var foreign = Directory.GetFiles(package.Folder, "*.dll", SearchOption.AllDirectories).Where(path => path != package.MainAssembly);
            Expect.Equal(string.Empty, string.Join(", ", foreign), "foreign assemblies");
            var plugin = new PluginContext();
            Expect.Equal(package.Manifest.Version, plugin.Load(package)[0].GetName().Version?.ToString(), "version of the assembly");
            plugin.Unload();
            return Task.CompletedTask;
        });

        yield return ("every member of the host that the assembly refers to is in the contracts, with the same signature", context =>
        {
            using var package = PluginPackage.Open(context.Options.Plugin, context.Options.Scratch);
            var all = HostReferences.Of(package.MainAssembly);
            context.Figures["references"] = all.Count;
            Expect.True(all.Count > 20, "references are found");
            Expect.Equal(string.Empty, string.Join('\n', HostReferences.Missing(package.MainAssembly, AppContext.BaseDirectory)), "missing");
            Expect.True(all.Where(line => line.StartsWith("assembly ", StringComparison.Ordinal)).All(line => line.EndsWith(" 10.11.0.0", StringComparison.Ordinal)), "references are to 10.11.0.0");
            return Task.CompletedTask;
        });

        yield return ("a host starts with it: plugin, tuner host, guide, tasks and pages are there, and nothing blocked the start", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var plugin = Expect.NotNull(host.Plugin, "the plugin");
            context.Figures["startMs"] = Math.Round(host.StartTook.TotalMilliseconds);
            Expect.Equal("Coax", plugin.Name, "name");
            Expect.Equal(Id, plugin.Id, "id");
            Expect.Equal("coax", host.Tuner.Type, "tuner host");
            Expect.Equal("coax", host.Guide.Type, "guide provider");
            Expect.True(host.Tasks.Count >= 2, $"two tasks at least, not {host.Tasks.Count}");
            Expect.True(host.StartTook < TimeSpan.FromSeconds(3), $"the start took {host.StartTook.TotalSeconds:0.0} s");
            var pages = ((IHasWebPages)plugin).GetPages().ToList();
            foreach (var page in pages)
            {
                Expect.True(plugin.GetType().Assembly.GetManifestResourceNames().Contains(page.EmbeddedResourcePath), $"page {page.Name} is embedded as {page.EmbeddedResourcePath}");
            }

            Expect.True(pages.Any(page => page is { Name: "CoaxConfig", EnableInMainMenu: true }), "the page CoaxConfig is in the menu");
        });
    }
}
