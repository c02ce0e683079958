using System.Runtime.InteropServices;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>This machine in Node's words.</summary>
internal static class NodePlatform
{
    /// <summary>The name of Node's program file.</summary>
    public static string Program => OperatingSystem.IsWindows() ? "node.exe" : "node";

    /// <summary>Such as <c>linux-x64</c>; null where Node has no build.</summary>
    public static string? Name
    {
        get
        {
            var processor = RuntimeInformation.ProcessArchitecture switch
            {
                Architecture.X64 => "x64",
                Architecture.Arm64 => "arm64",
                _ => null,
            };
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : null;
            return processor is null || system is null ? null : $"{system}-{processor}";
        }
    }

    /// <summary>Whether the C library is musl (Alpine), for which nodejs.org has no builds.</summary>
    public static bool IsMusl => RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal);
}
