using MediaBrowser.Common.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Database;

/// <summary>
/// An option of the server that makes guide refreshes cheaper: more memory for its own database. Nothing is ever changed unless an administrator asks
/// for it, and the server takes it over at its next start.
/// </summary>
public sealed class DatabaseCache(IApplicationPaths paths, ILogger<DatabaseCache> logger) : IHostedService
{
    private const string FileName = "database.xml";

    /// <summary>For a database on a disk of this machine: it is read through the system's file cache.</summary>
    private static readonly Dictionary<string, string> Mapped = new() { ["#PRAGMA:mmap_size"] = "1073741824" };

    /// <summary>For one on a network share, where a read error of a mapped file would end the server: KiB for each connection.</summary>
    private static readonly Dictionary<string, string> Cached = new() { ["cacheSize"] = "-131072" };

    private readonly Lock gate = new();
    private volatile IReadOnlyDictionary<string, string>? started;

    private string FilePath => Path.Combine(paths.ConfigurationDirectoryPath, FileName);

    /// <summary>What the server has read at this start is looked at aside, so that a change since then can be told.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(Started, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is set now. Never throws.</summary>
    public DatabaseCacheState State()
    {
        try
        {
            var now = DatabaseFile.Read(FilePath);
            var wanted = Wanted(now);
            var own = wanted.Where(option => now.TryGetValue(option.Key, out var value) && value != option.Value).Select(option => $"{option.Key}={now[option.Key]}").ToList();
            var isOn = wanted.Keys.All(now.ContainsKey);
            var running = Started() ?? now;
            var needsRestart = wanted.Keys.Any(key => now.GetValueOrDefault(key) != running.GetValueOrDefault(key));
            return new DatabaseCacheState(true, isOn, own.Count == 0, needsRestart, Describe(wanted), own.Count == 0 ? null : $"The server has a value of its own: {string.Join(", ", own)}. It is left as it is.");
        }
        catch (DatabaseFileException error)
        {
            return new DatabaseCacheState(false, false, false, false, null, error.Message);
        }
    }

    /// <summary>Sets the option, or takes it back. <see cref="DatabaseFileException"/> with what to tell when that cannot be done.</summary>
    public void Set(bool on)
    {
        lock (gate)
        {
            _ = Started();
            var wanted = Wanted(DatabaseFile.Read(FilePath));
            if (on)
            {
                DatabaseFile.Add(FilePath, wanted);
            }
            else
            {
                // Whichever was right when it was set.
                DatabaseFile.Remove(FilePath, Mapped);
                DatabaseFile.Remove(FilePath, Cached);
            }

            logger.LogInformation(
                "An administrator has {Change} {Options} in {File}; the file as it was is {Backup}", on ? "set" : "removed", Describe(wanted), FilePath, DatabaseFile.BackupOf(FilePath));
        }
    }

    /// <summary>Whether what lies at this path may be mapped into memory.</summary>
    internal static bool IsLocal(string path)
    {
        try
        {
            return Environment.Is64BitProcess && new DriveInfo(Path.GetFullPath(path)).DriveType is DriveType.Fixed or DriveType.Ram;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static string Describe(Dictionary<string, string> options) => string.Join(", ", options.Select(option => $"{option.Key}={option.Value}"));

    // 12 can have its database elsewhere.
    private Dictionary<string, string> Wanted(IReadOnlyDictionary<string, string> now) =>
        IsLocal(now.GetValueOrDefault("path") is { Length: > 0 } file && Path.GetDirectoryName(file) is { Length: > 0 } folder ? folder : paths.DataPath) ? Mapped : Cached;

    private IReadOnlyDictionary<string, string>? Started()
    {
        lock (gate)
        {
            try
            {
                return started ??= DatabaseFile.Read(FilePath);
            }
            catch (DatabaseFileException)
            {
                return null;
            }
        }
    }
}
