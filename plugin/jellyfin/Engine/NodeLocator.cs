using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>A Node that runs. <paramref name="Where"/> tells how it was found.</summary>
internal sealed record NodeRuntime(string Path, string Version, string Where);

/// <summary>Looks for a Node that is new enough: the configured one, one beside the DLL, one on PATH, one that is fetched.</summary>
internal sealed class NodeLocator(NodeFetcher fetcher, ILogger logger)
{
    /// <summary>The oldest major version that runs the engine.</summary>
    public const int WantedMajor = 24;

    private static readonly TimeSpan VersionLimit = TimeSpan.FromSeconds(15);

    /// <summary>Folders that hold Node although a service's PATH often lacks them.</summary>
    private static readonly string[] UsualFolders = OperatingSystem.IsWindows()
        ? [@"C:\Program Files\nodejs"]
        : ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/node/bin"];

    /// <summary>The first Node that runs and is new enough; <see cref="EngineFailure"/> tells what was wrong with each.</summary>
    public async Task<NodeRuntime> FindAsync(string configured, string runtimeUrl, string? pluginFolder, CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        foreach (var (path, where) in Candidates(configured, pluginFolder))
        {
            if (where == Place.Beside)
            {
                AllowExecution(path);
            }

            var (runtime, reason) = await TryAsync(path, Describe(where), cancellationToken);
            if (runtime is not null)
            {
                return runtime;
            }

            reasons.Add(reason);
            if (where == Place.Configured)
            {
                logger.LogWarning("The Node of the settings cannot be used, another is looked for: {Reason:l}", reason);
            }
        }

        if (reasons.Count == 0)
        {
            reasons.Add("NodePath (not set), the plugin's runtime folder and PATH (no node there)");
        }

        string fetched;
        try
        {
            fetched = await fetcher.GetAsync(runtimeUrl, cancellationToken);
        }
        catch (EngineFailure failure)
        {
            reasons.Add(failure.Message);
            throw new EngineFailure(EngineMessages.NoNode(reasons), failure.RetryAfter, failure);
        }

        var (last, why) = await TryAsync(fetched, "fetched", cancellationToken);
        if (last is not null)
        {
            return last;
        }

        reasons.Add(why);
        throw new EngineFailure(EngineMessages.NoNode(reasons));
    }

    /// <summary>The major version in Node's answer to <c>--version</c>, or 0.</summary>
    internal static int Major(string version)
    {
        var text = version.Trim().TrimStart('v');
        var end = text.IndexOf('.', StringComparison.Ordinal);
        return int.TryParse(end < 0 ? text : text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    /// <summary>Why a program could not be started, in words for the administrator.</summary>
    internal static string StartProblem(string path, Exception error)
    {
        const int NotFound = 2, PathNotFound = 3, WindowsDenied = 5, NotExecutable = 8, Denied = 13, WindowsForeign = 193, WindowsWrongMachine = 216;
        return error is not Win32Exception { NativeErrorCode: var code }
            ? EngineMessages.NodeSilent(path, error.Message)
            : code switch
            {
                NotFound or PathNotFound => File.Exists(path) ? EngineMessages.NodeForeign(path) : EngineMessages.NodeMissing(path),
                NotExecutable or WindowsForeign or WindowsWrongMachine => EngineMessages.NodeForeign(path),
                Denied or WindowsDenied => Mounts.NoExec(path) is { } mount
                    ? EngineMessages.NodeNoExec(path, mount)
                    : EngineMessages.NodeDenied(path, Environment.UserName),
                _ => EngineMessages.NodeSilent(path, error.Message),
            };
    }

    /// <summary>The bundled file may have lost its mode: a zip that was made or unpacked elsewhere has none.</summary>
    internal static void AllowExecution(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            var mode = File.GetUnixFileMode(path);
            if ((mode & UnixFileMode.UserExecute) == 0)
            {
                File.SetUnixFileMode(path, mode | Execute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Starting it tells whether that was needed.
        }
    }

    private static string Describe(Place where) => where switch
    {
        Place.Configured => "NodePath",
        Place.Beside => "the plugin's runtime folder",
        _ => "PATH",
    };

    private static IEnumerable<(string Path, Place Where)> Candidates(string configured, string? pluginFolder)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            var path = configured.Trim();
            yield return (Directory.Exists(path) ? Path.Combine(path, NodePlatform.Program) : path, Place.Configured);
        }

        foreach (var path in Beside(pluginFolder).Where(File.Exists))
        {
            yield return (path, Place.Beside);
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var path in folders.Concat(UsualFolders).Distinct().Select(folder => Path.Combine(folder, NodePlatform.Program)).Where(File.Exists))
        {
            yield return (path, Place.Path);
        }
    }

    private static IEnumerable<string> Beside(string? pluginFolder)
    {
        if (pluginFolder is null)
        {
            yield break;
        }

        var runtime = Path.Combine(pluginFolder, "runtime");
        if (NodePlatform.Name is { } platform)
        {
            yield return Path.Combine(runtime, platform, "bin", NodePlatform.Program);
            yield return Path.Combine(runtime, platform, NodePlatform.Program);
        }

        yield return Path.Combine(runtime, "bin", NodePlatform.Program);
        yield return Path.Combine(runtime, NodePlatform.Program);
    }

    private static async Task<(NodeRuntime? Runtime, string Reason)> TryAsync(string path, string where, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return (null, EngineMessages.NodeMissing(path));
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(VersionLimit);
        try
        {
            var version = (await AskVersionAsync(path, limit.Token)).Trim();
            return Major(version) switch
            {
                0 => (null, EngineMessages.NodeSilent(path, version.Length is 0 or > 80 ? "no version" : version)),
                < WantedMajor => (null, EngineMessages.NodeTooOld(path, version)),
                _ => (new NodeRuntime(path, version, where), string.Empty),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, EngineMessages.NodeSilent(path, $"no answer in {VersionLimit.TotalSeconds:0} s"));
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return (null, StartProblem(path, error));
        }
    }

    private static async Task<string> AskVersionAsync(string path, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = EngineProcess.StartInfo(path, ["--version"]) };
        process.Start();
        try
        {
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            var complaint = await errors;
            return text.Length > 0 ? text : complaint.Split('\n')[0];
        }
        finally
        {
            EngineProcess.KillQuietly(process);
        }
    }

    private enum Place
    {
        Configured,
        Beside,
        Path,
    }
}
