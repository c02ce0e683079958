using System.Text.Json;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>What is remembered of the last run, in <c>state/engine.json</c>: the port, so that addresses stay the same.</summary>
internal sealed record EngineState(int Port)
{
    /// <summary>The port of the last run, or 0. Never throws: the file is a convenience.</summary>
    public static int ReadPort(string file)
    {
        try
        {
            return File.Exists(file) && JsonSerializer.Deserialize<EngineState>(File.ReadAllBytes(file), EngineJson.Options) is { Port: > 0 and < 65536 } state
                ? state.Port
                : 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return 0;
        }
    }

    /// <summary>Remembers the port. Never throws.</summary>
    public static void WritePort(string file, int port)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var temporary = file + ".tmp";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(new EngineState(port), EngineJson.Options));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start takes any port then.
        }
    }
}
