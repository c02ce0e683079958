using System.Text.Json;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.Provisioning;

/// <summary>
/// What was entered into the server's settings, and which lineup and guide the server has. Entries are made once:
/// an administrator who deletes them does not get them back unasked.
/// </summary>
public sealed record ProvisionedState(bool Done = false, string? LineupRevision = null, string? GuideRevision = null)
{
    /// <summary>Reads the file; a state in which nothing was done when there is none.</summary>
    public static ProvisionedState Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ProvisionedState>(File.ReadAllBytes(path), EngineJson.Options) ?? new ProvisionedState();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ProvisionedState();
        }
        catch (JsonException)
        {
            // Not made again because of a damaged file: what may be missing can be asked for, doubles cannot be unasked.
            return new ProvisionedState(Done: true);
        }
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = path + ".tmp";
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(this, EngineJson.Options));
        File.Move(unfinished, path, overwrite: true);
    }
}
