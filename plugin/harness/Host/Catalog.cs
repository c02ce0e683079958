using System.Security.Cryptography;
using System.Text.Json;

namespace Coax.Harness;

/// <summary>A repository's manifest, and what a host does to install from it (InstallationManager, PluginManager.PopulateManifest).</summary>
internal static class Catalog
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Installs the package Coax into <paramref name="plugins"/> and returns its folder. Throws what the host would log.</summary>
    public static async Task<string> InstallAsync(Uri manifest, Version host, string plugins)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(100) };
        var packages = JsonSerializer.Deserialize<List<CatalogPackage>>(await client.GetStringAsync(manifest).ConfigureAwait(false), Json) ?? [];
        var package = packages.Single(one => one.Name == "Coax");
        var version = package.Versions
            .Where(one => Version.Parse(one.TargetAbi) <= host)
            .OrderByDescending(one => Version.Parse(one.Version))
            .FirstOrDefault() ?? throw new InvalidOperationException($"no version is for host {host}");
        if (!string.Equals(Path.GetExtension(version.SourceUrl), ".zip", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException($"only zip packages are supported, not {version.SourceUrl}");
        }

        var zip = await client.GetByteArrayAsync(new Uri(version.SourceUrl)).ConfigureAwait(false);
#pragma warning disable CA5351 // The host compares MD5.
        var checksum = Convert.ToHexString(MD5.HashData(zip));
#pragma warning restore CA5351
        if (!string.Equals(checksum, version.Checksum, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException($"the checksums do not match: {checksum} and {version.Checksum}");
        }

        var folder = Path.Combine(plugins, $"{package.Name}_{version.Version}");
        Directory.CreateDirectory(folder);
        System.IO.Compression.ZipFile.ExtractToDirectory(new MemoryStream(zip), folder, overwriteFiles: true);
        var image = Path.GetFileName(new Uri(package.ImageUrl).AbsolutePath);
        await File.WriteAllBytesAsync(Path.Combine(folder, image), await client.GetByteArrayAsync(new Uri(package.ImageUrl)).ConfigureAwait(false)).ConfigureAwait(false);
        WriteManifest(folder, package, version, image);
        return folder;
    }

    // The catalogue's values, overlaid by the packaged file's where it has them; the version is always the catalogue's.
    private static void WriteManifest(string folder, CatalogPackage package, CatalogVersion version, string image)
    {
        var path = Path.Combine(folder, "meta.json");
        var packed = JsonSerializer.Deserialize<PluginMeta>(File.ReadAllText(path), Json) ?? new PluginMeta();
        if (packed.Guid != package.Guid)
        {
            throw new InvalidOperationException($"malfunctioned: guid {packed.Guid} in the package, {package.Guid} in the catalogue");
        }

        static string Or(string first, string second) => first.Length > 0 ? first : second;
        var manifest = packed with
        {
            Category = Or(packed.Category, package.Category),
            Changelog = Or(packed.Changelog, version.Changelog),
            Description = Or(packed.Description, package.Description),
            Name = Or(packed.Name, package.Name),
            Overview = Or(packed.Overview, package.Overview),
            Owner = Or(packed.Owner, package.Owner),
            TargetAbi = Or(packed.TargetAbi, version.TargetAbi),
            Version = version.Version,
            ImagePath = packed.ImagePath ?? image,
        };
        File.WriteAllText(path, JsonSerializer.Serialize(manifest, Json));
    }

    private sealed record CatalogPackage(Guid Guid, string Name, string Overview, string Description, string Owner, string Category, string ImageUrl, List<CatalogVersion> Versions);

    private sealed record CatalogVersion(string Version, string Changelog, string TargetAbi, string SourceUrl, string Checksum, DateTime Timestamp);
}
