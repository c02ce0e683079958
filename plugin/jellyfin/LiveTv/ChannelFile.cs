using System.Text.Json;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>A lineup as it was last seen in the engine, of one of its outputs (null: the first).</summary>
public sealed record Lineup(string? Output, string? Revision, IReadOnlyList<EngineChannel> Channels)
{
    /// <summary>Nothing known.</summary>
    public static Lineup None { get; } = new(null, null, []);

    private readonly Lazy<Dictionary<string, EngineChannel>> byId = new(() =>
    {
        var all = new Dictionary<string, EngineChannel>(Channels.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var channel in Channels)
        {
            all.TryAdd(channel.Id, channel);
        }

        return all;
    });

    /// <summary>The channel with an id of Coax, or null.</summary>
    public EngineChannel? Find(string channelId) => byId.Value.GetValueOrDefault(channelId);
}

/// <summary>Keeps the last lineup on disk, so that a server that starts without an engine has its channels. Never throws.</summary>
public sealed class ChannelFile(CoaxFolders folders, ILogger<ChannelFile> logger)
{
    private const int Format = 1;

    private string FileName => Path.Combine(folders.State, "channels.json");

    /// <summary>The lineup, or null when there is none or it can not be read.</summary>
    public Lineup? Load()
    {
        try
        {
            if (!File.Exists(FileName))
            {
                return null;
            }

            using var stream = File.OpenRead(FileName);
            var saved = JsonSerializer.Deserialize<Saved>(stream, EngineJson.Options);
            return saved is { Format: Format, Channels: { } channels }
                ? new Lineup(saved.Output, saved.Revision, [.. channels.Where(IsWhole)])
                : null;
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The channels of the last run could not be read");
            return null;
        }
    }

    /// <summary>Replaces the file as a whole.</summary>
    public void Save(Lineup lineup)
    {
        try
        {
            Directory.CreateDirectory(folders.State);
            var partial = FileName + ".new";
            // The logos' addresses hold the token of an output, with which anybody could watch.
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            File.Delete(partial);
            using (var stream = new FileStream(partial, options))
            {
                JsonSerializer.Serialize(stream, new Saved(Format, lineup.Output, lineup.Revision, lineup.Channels), EngineJson.Options);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, FileName, overwrite: true);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The channels could not be saved; a server that starts without an engine would not have them");
        }
    }

    /// <summary>Whether the fields that can not be absent are there.</summary>
    public static bool IsWhole(EngineChannel? channel) => channel is { Id.Length: > 0, Name: not null };

    private sealed record Saved(int Format, string? Output, string? Revision, IReadOnlyList<EngineChannel>? Channels);
}
