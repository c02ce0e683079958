namespace Coax.Harness;

/// <summary>A host's folders below one root, laid out as in the official image. They outlive a host, so that the next one starts with them.</summary>
internal sealed class HostFolders
{
    public HostFolders(string root)
    {
        Root = Directory.CreateDirectory(root).FullName;
        foreach (var folder in new[] { DataPath, PluginsPath, PluginConfigurationsPath, CachePath, LogDirectoryPath, TempDirectory })
        {
            Directory.CreateDirectory(folder);
        }
    }

    public string Root { get; }

    public string ProgramDataPath => Root;

    public string DataPath => Path.Combine(Root, "data");

    public string PluginsPath => Path.Combine(Root, "plugins");

    public string PluginConfigurationsPath => Path.Combine(PluginsPath, "configurations");

    public string CachePath => Path.Combine(Root, "cache");

    public string LogDirectoryPath => Path.Combine(Root, "log");

    public string TempDirectory => Path.Combine(Root, "temp");

    public string ConfigurationDirectoryPath => Path.Combine(Root, "config");

    public string ProgramSystemPath => AppContext.BaseDirectory;

    public string WebPath => Path.Combine(Root, "web");

    /// <summary>The folder below <see cref="DataPath"/> that is the plugin's.</summary>
    public string Coax => Path.Combine(DataPath, "coax");

    public string EngineData => Path.Combine(Coax, "engine");

    /// <summary>Installs a package as the catalog would: `plugins/NAME_VERSION`.</summary>
    public PluginPackage Install(string plugin)
    {
        if (Directory.Exists(plugin))
        {
            return PluginPackage.Open(plugin, Root);
        }

        using var trial = PluginPackage.Open(plugin, TempDirectory);
        var target = Path.Combine(PluginsPath, $"{trial.Manifest.Name}_{trial.Manifest.Version}");
        if (!Directory.Exists(target))
        {
            PluginPackage.Extract(plugin, target);
        }

        return PluginPackage.Open(target, Root);
    }

    /// <summary>Writes the plugin's configuration file, as the dashboard would.</summary>
    public void Configure(IReadOnlyDictionary<string, string> values)
    {
        var lines = values.Select(pair => $"  <{pair.Key}>{System.Security.SecurityElement.Escape(pair.Value)}</{pair.Key}>");
        File.WriteAllText(
            Path.Combine(PluginConfigurationsPath, "Jellyfin.Plugin.Coax.xml"),
            $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PluginConfiguration>\n{string.Join('\n', lines)}\n</PluginConfiguration>\n");
    }
}
