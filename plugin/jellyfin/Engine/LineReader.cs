using System.Text;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Reads lines of UTF-8 that may have any length: what exceeds the limit is dropped, so that a pipe never fills and memory stays bounded.</summary>
internal sealed class LineReader(Stream stream, int limit) : IDisposable
{
    private readonly StreamReader reader = new(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, bufferSize: 8192);
    private readonly char[] buffer = new char[8192];
    private readonly StringBuilder line = new();
    private int position;
    private int filled;
    private bool cut;

    /// <summary>The next line without its end, or null at the end of the stream.</summary>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (position == filled)
            {
                filled = await reader.ReadAsync(buffer, cancellationToken);
                position = 0;
                if (filled == 0)
                {
                    return line.Length > 0 ? Take() : null;
                }
            }

            var end = Array.IndexOf(buffer, '\n', position, filled - position);
            Append(buffer.AsSpan(position, (end < 0 ? filled : end) - position));
            position = end < 0 ? filled : end + 1;
            if (end >= 0)
            {
                return Take();
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => reader.Dispose();

    private void Append(ReadOnlySpan<char> part)
    {
        var room = limit - line.Length;
        cut |= part.Length > room;
        line.Append(part[..Math.Min(part.Length, room)]);
    }

    private string Take()
    {
        if (line.Length > 0 && line[^1] == '\r')
        {
            line.Length--;
        }

        var text = cut ? line.Append('…').ToString() : line.ToString();
        line.Clear();
        cut = false;
        return text;
    }
}
