using System.IO.Compression;
using System.Text.Json;

namespace Coax.Harness;

/// <summary>A plugin's folder, made from its zip as the host makes it, or one that is there. The manifest's list of assemblies decides what is loaded.</summary>
internal sealed class PluginPackage : IDisposable
{
    private readonly string? _made;

    private PluginPackage(string folder, string? made)
    {
        Folder = folder;
        _made = made;
        var path = Path.Combine(folder, "meta.json");
        if (!File.Exists(path))
        {
            throw new InvalidOperationException($"There is no meta.json in {folder}.");
        }

        Manifest = JsonSerializer.Deserialize<PluginMeta>(File.ReadAllText(path), new JsonSerializerOptions(JsonSerializerDefaults.Web))
            ?? throw new InvalidOperationException("meta.json is empty.");
        Assemblies = [.. Whitelisted()];
    }

    public string Folder { get; }

    public PluginMeta Manifest { get; }

    /// <summary>What the host loads: full paths.</summary>
    public IReadOnlyList<string> Assemblies { get; }

    public string MainAssembly => Assemblies[0];

    /// <summary>Unpacks a zip below <paramref name="scratch"/> (the temp folder when empty), or takes a folder as it is.</summary>
    public static PluginPackage Open(string plugin, string scratch)
    {
        if (Directory.Exists(plugin))
        {
            return new PluginPackage(Path.GetFullPath(plugin), null);
        }

        var made = Directory.CreateDirectory(Path.Combine(scratch.Length == 0 ? Path.GetTempPath() : scratch, $"plugin-{Guid.NewGuid():N}")).FullName;
        Extract(plugin, made);
        return new PluginPackage(made, made);
    }

    /// <summary>As InstallationManager does: sub-folders and Unix modes are kept.</summary>
    public static void Extract(string zip, string folder)
    {
        using var stream = File.OpenRead(zip);
        ZipFile.ExtractToDirectory(stream, folder, overwriteFiles: true);
    }

    public void Dispose()
    {
        if (_made is not null)
        {
            Directory.Delete(_made, recursive: true);
        }
    }

    // PluginManager.TryGetPluginDlls: canonical, inside the folder, there; one miss and the plugin is malfunctioned.
    private IEnumerable<string> Whitelisted()
    {
        var all = Directory.GetFiles(Folder, "*.dll", SearchOption.AllDirectories);
        if (Manifest.Assemblies.Count == 0)
        {
            return all;
        }

        var root = Path.GetFullPath(Folder) + Path.DirectorySeparatorChar;
        var wanted = Manifest.Assemblies.Select(name => Path.GetFullPath(Path.Combine(Folder, name))).ToList();
        foreach (var path in wanted)
        {
            if (!path.StartsWith(root, StringComparison.Ordinal) || !all.Contains(path))
            {
                throw new InvalidOperationException($"meta.json lists the assembly {path}, which is not in the plugin's folder.");
            }
        }

        return wanted;
    }
}

/// <summary>meta.json, as far as the host reads it (PluginManifest).</summary>
internal sealed record PluginMeta
{
    public string Category { get; init; } = string.Empty;

    public string Changelog { get; init; } = string.Empty;

    public string Description { get; init; } = string.Empty;

    public Guid Guid { get; init; }

    public string Name { get; init; } = string.Empty;

    public string Overview { get; init; } = string.Empty;

    public string Owner { get; init; } = string.Empty;

    public string TargetAbi { get; init; } = string.Empty;

    public DateTime Timestamp { get; init; }

    public string Version { get; init; } = string.Empty;

    public bool AutoUpdate { get; init; } = true;

    public string? ImagePath { get; init; }

    public IReadOnlyList<string> Assemblies { get; init; } = [];
}
