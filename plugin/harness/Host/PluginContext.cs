using System.Reflection;
using System.Runtime.Loader;

namespace Coax.Harness;

/// <summary>One per plugin folder and start, collectible, as PluginLoadContext: what is not whitelisted comes from the host's own context.</summary>
internal sealed class PluginContext() : AssemblyLoadContext("plugin", isCollectible: true)
{
    public IReadOnlyList<Assembly> Load(PluginPackage package)
    {
        var loaded = package.Assemblies.Select(LoadFromAssemblyPath).ToList();
        foreach (var assembly in loaded)
        {
            // A type that can not be loaded makes the plugin "not supported".
            _ = assembly.GetTypes();
        }

        return loaded;
    }

    protected override Assembly? Load(AssemblyName assemblyName) => null;
}
