using MediaBrowser.Common.Configuration;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Where the plugin keeps its data: below the server's data path, never in the plugin's own folder, which updates delete.</summary>
public sealed class CoaxFolders(IApplicationPaths paths)
{
    /// <summary>Everything of the plugin.</summary>
    public string Data => Path.Combine(paths.DataPath, "coax");

    /// <summary>The engine's data folder.</summary>
    public string Engine => Path.Combine(Data, "engine");

    /// <summary>What the plugin remembers.</summary>
    public string State => Path.Combine(Data, "state");

    /// <summary>Node runtimes that were fetched.</summary>
    public string Runtime => Path.Combine(Data, "runtime");

    /// <summary>What can be made again.</summary>
    public string Cache => Path.Combine(paths.CachePath, "coax");

    /// <summary>The port of the last run.</summary>
    public string EngineState => Path.Combine(State, "engine.json");

    /// <summary>The folder that the DLL was unpacked to, or null when it is not known.</summary>
    public static string? Plugin => typeof(CoaxFolders).Assembly.Location is { Length: > 0 } file ? Path.GetDirectoryName(file) : null;
}
