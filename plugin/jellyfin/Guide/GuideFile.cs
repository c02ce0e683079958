using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// The engine's programmes as a file: its lines as they came, then an index of the channels, then where the index begins.
/// Only the index is held in memory; one channel's programmes are read when they are asked for.
/// </summary>
public sealed class GuideFile
{
    /// <summary>Digits of the index's offset, and a newline.</summary>
    private const int TrailerSize = 20;

    private const int BufferSize = 128 * 1024;

    /// <summary>An engine that sends nothing for so long sends nothing any more.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, GuideSpan> channels;

    private GuideFile(string path, Index index)
    {
        Path = path;
        Revision = index.Revision;
        Output = index.Output;
        From = DateTimeOffset.FromUnixTimeSeconds(index.FromUnix).UtcDateTime;
        To = DateTimeOffset.FromUnixTimeSeconds(index.ToUnix).UtcDateTime;
        Programmes = index.Programmes;
        channels = new Dictionary<string, GuideSpan>(index.Channels.Count, StringComparer.Ordinal);
        foreach (var entry in index.Channels)
        {
            channels[entry.Id] = new GuideSpan(entry.Offset, entry.Length);
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The revision that it came with, for the next conditional request; null when there was none.</summary>
    public string? Revision { get; }

    /// <summary>The output that was asked for; empty for the engine's first.</summary>
    public string Output { get; }

    /// <summary>Begin of what it covers, UTC.</summary>
    public DateTime From { get; }

    /// <summary>End of what it covers, UTC.</summary>
    public DateTime To { get; }

    /// <summary>Number of channels with programmes.</summary>
    public int Channels => channels.Count;

    /// <summary>Number of programmes.</summary>
    public int Programmes { get; }

    /// <summary>How much a channel has, in bytes; 0 when it has no programmes.</summary>
    public int SizeOf(string channelId) => channels.TryGetValue(channelId, out var span) ? span.Length : 0;

    /// <summary>Writes what comes to a file that is there as a whole or not at all. <see cref="InvalidDataException"/> when it was cut short.</summary>
    public static async Task<GuideFile> SaveAsync(Stream source, string output, string? revision, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        var unfinished = path + ".tmp";
        try
        {
            var scanner = new GuideScanner();
            Index index;
            var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous);
            await using (file.ConfigureAwait(false))
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(Silence);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                try
                {
                    int count;
                    while ((count = await source.ReadAsync(buffer, limit.Token)) > 0)
                    {
                        limit.CancelAfter(Silence);
                        scanner.Add(buffer.AsSpan(0, count));
                        await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                scanner.Complete();
                index = IndexOf(scanner, output, revision);
                await WriteIndexAsync(file, index, cancellationToken);
            }

            File.Move(unfinished, path, overwrite: true);
            return new GuideFile(path, index);
        }
        catch
        {
            Discard(unfinished);
            throw;
        }
    }

    /// <summary>Opens a saved guide; null when there is none or it is damaged.</summary>
    public static GuideFile? TryOpen(string path)
    {
        try
        {
            using var file = Open(path, FileOptions.None);
            var length = RandomAccess.GetLength(file);
            var trailer = ReadExactly(file, length - TrailerSize, TrailerSize);
            var at = long.Parse(Encoding.ASCII.GetString(trailer), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            var index = JsonSerializer.Deserialize<Index>(ReadExactly(file, at, checked((int)(length - TrailerSize - at))), EngineJson.Options);
            return index is { Format: Index.Current } ? new GuideFile(path, index) : null;
        }
        catch (Exception error) when (IsDamage(error))
        {
            return null;
        }
    }

    /// <summary>Deletes a file if that is possible.</summary>
    public static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is tried again when the next guide is saved.
        }
    }

    /// <summary>One channel's programmes, by start; empty when it has none. <see cref="InvalidDataException"/> when the file is gone or damaged.</summary>
    public async Task<IReadOnlyList<EngineProgramme>> ReadAsync(string channelId, CancellationToken cancellationToken)
    {
        if (!channels.TryGetValue(channelId, out var span))
        {
            return [];
        }

        var buffer = ArrayPool<byte>.Shared.Rent(span.Length);
        try
        {
            using var file = Open(Path, FileOptions.Asynchronous);
            var line = buffer.AsMemory(0, span.Length);
            for (var got = 0; got < span.Length;)
            {
                var count = await RandomAccess.ReadAsync(file, line[got..], span.Offset + got, cancellationToken);
                got += count > 0 ? count : throw new EndOfStreamException();
            }

            var read = JsonSerializer.Deserialize<ChannelProgrammes>(line.Span, EngineJson.Options);
            return read is { Programmes: not null } && read.ChannelId == channelId ? read.Programmes : throw new JsonException("Not the channel's line");
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new InvalidDataException($"The guide file cannot be read at {span.Offset}: {error.Message}", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsDamage(Exception error) =>
        error is IOException or UnauthorizedAccessException or JsonException or FormatException or OverflowException or ArgumentException;

    private static Microsoft.Win32.SafeHandles.SafeFileHandle Open(string path, FileOptions options) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, options);

    private static byte[] ReadExactly(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var more = RandomAccess.Read(file, bytes.AsSpan(got), offset + got);
            got += more > 0 ? more : throw new EndOfStreamException();
        }

        return bytes;
    }

    private static Index IndexOf(GuideScanner scanner, string output, string? revision)
    {
        var header = scanner.Header!;
        var entries = scanner.Channels.Select(channel => new IndexEntry(channel.Key, channel.Value.Offset, channel.Value.Length));
        return new Index(Index.Current, output, revision, header.FromUnix, header.ToUnix, scanner.Programmes, [.. entries]);
    }

    private static async Task WriteIndexAsync(FileStream file, Index index, CancellationToken cancellationToken)
    {
        await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
        var at = file.Position;
        await file.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(index, EngineJson.Options), cancellationToken);
        var trailer = at.ToString("D19", CultureInfo.InvariantCulture) + "\n";
        await file.WriteAsync(Encoding.ASCII.GetBytes(trailer), cancellationToken);
    }

    private sealed record Index(int Format, string Output, string? Revision, long FromUnix, long ToUnix, int Programmes, IReadOnlyList<IndexEntry> Channels)
    {
        public const int Current = 1;
    }

    private sealed record IndexEntry(string Id, long Offset, int Length);
}
