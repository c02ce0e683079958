using System.Text.Json;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>Where one channel's line is in a guide file, in bytes.</summary>
public readonly record struct GuideSpan(long Offset, int Length);

/// <summary>
/// Finds the lines of a guide while its bytes pass by, in pieces of any size: the header, where each channel's line is, and the end.
/// Only the first bytes of a line are looked at, so that a guide of any size costs no memory.
/// </summary>
public sealed class GuideScanner
{
    private const int HeadSize = 1024;

    private readonly byte[] head = new byte[HeadSize];
    private readonly Dictionary<string, GuideSpan> channels = new(StringComparer.Ordinal);
    private int headLength;
    private long lineStart;
    private long position;
    private int lines;
    private GuideEnd? end;

    /// <summary>The first line; null until it has passed.</summary>
    public GuideHeader? Header { get; private set; }

    /// <summary>Number of programmes, as the last line says.</summary>
    public int Programmes => end?.Programmes ?? 0;

    /// <summary>The channels' lines, by the engine's channel id.</summary>
    public IReadOnlyDictionary<string, GuideSpan> Channels => channels;

    /// <summary>Takes the next bytes. <see cref="InvalidDataException"/> when they are no guide.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var newline = bytes.IndexOf((byte)'\n');
            var part = newline < 0 ? bytes : bytes[..newline];
            var kept = part[..Math.Min(part.Length, HeadSize - headLength)];
            kept.CopyTo(head.AsSpan(headLength));
            headLength += kept.Length;
            position += part.Length;
            if (newline < 0)
            {
                return;
            }

            EndLine();
            position++;
            lineStart = position;
            headLength = 0;
            bytes = bytes[(newline + 1)..];
        }
    }

    /// <summary>Says that nothing follows. <see cref="InvalidDataException"/> when the guide was cut short.</summary>
    public void Complete()
    {
        if (headLength > 0)
        {
            EndLine();
        }

        if (Header is null || end is null)
        {
            throw new InvalidDataException($"The guide was cut short after {position} bytes and {lines} lines");
        }

        if (end.Channels != channels.Count)
        {
            throw new InvalidDataException($"The guide has {channels.Count} channels and says {end.Channels}");
        }
    }

    private void EndLine()
    {
        var length = checked((int)(position - lineStart));
        if (length == 0)
        {
            return;
        }

        if (end is not null)
        {
            throw new InvalidDataException("The guide goes on after its end");
        }

        try
        {
            ReadLine(head.AsSpan(0, headLength), length);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"Line {lines + 1} of the guide cannot be read", error);
        }

        lines++;
    }

    private void ReadLine(ReadOnlySpan<byte> start, int length)
    {
        var reader = new Utf8JsonReader(start, isFinalBlock: length <= HeadSize, default);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            throw new InvalidDataException($"Line {lines + 1} of the guide is no object");
        }

        if (reader.ValueTextEquals("channelId"u8))
        {
            if (Header is null || !reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw new InvalidDataException($"Line {lines + 1} of the guide names no channel");
            }

            channels[reader.GetString()!] = new GuideSpan(lineStart, length);
        }
        else if (reader.ValueTextEquals("guide"u8))
        {
            Header = JsonSerializer.Deserialize<GuideHeader>(start, EngineJson.Options);
            if (Header is not { Guide: 1 } || lines > 0)
            {
                throw new InvalidDataException($"The guide is of version {Header?.Guide}, or does not begin with it");
            }
        }
        else if (reader.ValueTextEquals("end"u8))
        {
            end = JsonSerializer.Deserialize<GuideEnd>(start, EngineJson.Options);
        }
    }
}
