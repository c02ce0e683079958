namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Whether a file lies where nothing may be executed.</summary>
internal static class Mounts
{
    /// <summary>The mount point of a path when it is mounted with noexec (Linux only), else null.</summary>
    public static string? NoExec(string path)
    {
        try
        {
            return OperatingSystem.IsLinux() ? NoExec(Path.GetFullPath(path), File.ReadLines("/proc/self/mounts")) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The same with the lines of <c>/proc/self/mounts</c>: device, folder, type, options.</summary>
    internal static string? NoExec(string path, IEnumerable<string> mounts)
    {
        (string Folder, bool NoExec) longest = (string.Empty, false);
        foreach (var fields in mounts.Select(line => line.Split(' ')).Where(fields => fields.Length >= 4))
        {
            var folder = fields[1].Replace("\\040", " ", StringComparison.Ordinal);
            var inside = folder == "/" || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
            // A later line covers an earlier one of the same folder.
            if (inside && folder.Length >= longest.Folder.Length)
            {
                longest = (folder, fields[3].Split(',').Contains("noexec"));
            }
        }

        return longest.NoExec ? longest.Folder : null;
    }
}
