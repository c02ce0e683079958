namespace Coax.Harness;

/// <summary>What a captured piece of transport stream begins with and how long it plays. Reads bytes with no code of the plugin or the engine.</summary>
internal sealed class TransportStream
{
    private const int Size = 188;

    private readonly List<double> _stamps = [];
    private readonly HashSet<int> _videoPids = [];
    private int _pmtPid = -1;

    public TransportStream(ReadOnlySpan<byte> bytes)
    {
        Packets = bytes.Length / Size;
        for (var index = 0; index < Packets; index++)
        {
            Take(index, bytes.Slice(index * Size, Size));
        }
    }

    public int Packets { get; }

    /// <summary>False when a packet does not begin with 0x47.</summary>
    public bool Aligned { get; private set; } = true;

    /// <summary>Packet indexes; -1 when there is none.</summary>
    public int FirstPat { get; private set; } = -1;

    public int FirstPmt { get; private set; } = -1;

    public int FirstKey { get; private set; } = -1;

    /// <summary>Pictures that begin before the first key frame: a decoder would drop them.</summary>
    public int PicturesBeforeKey { get; private set; }

    /// <summary>Seconds between the first and the last video time stamp.</summary>
    public double Seconds => _stamps.Count < 2 ? 0 : _stamps.Max() - _stamps[0];

    /// <summary>Null when a host's ffmpeg finds tables and a picture it can decode first of all.</summary>
    public string? BadStart =>
        !Aligned ? "packets do not begin with 0x47"
        : FirstPat != 0 ? $"the PAT is packet {FirstPat}"
        : FirstPmt != 1 ? $"the PMT is packet {FirstPmt}"
        : FirstKey < 0 ? "there is no key frame"
        : PicturesBeforeKey > 0 ? $"{PicturesBeforeKey} pictures come before the first key frame"
        : null;

    private void Take(int index, ReadOnlySpan<byte> packet)
    {
        if (packet[0] != 0x47)
        {
            Aligned = false;
            return;
        }

        var pid = ((packet[1] & 0x1f) << 8) | packet[2];
        var starts = (packet[1] & 0x40) != 0;
        var adaptation = (packet[3] & 0x20) != 0 ? packet[4] + 1 : 0;
        if ((packet[3] & 0x10) == 0 || !starts || 4 + adaptation >= Size)
        {
            return;
        }

        var payload = packet[(4 + adaptation)..];
        if (pid == 0)
        {
            FirstPat = FirstPat < 0 ? index : FirstPat;
            ReadPat(payload[(payload[0] + 1)..]);
        }
        else if (pid == _pmtPid)
        {
            FirstPmt = FirstPmt < 0 ? index : FirstPmt;
            ReadPmt(payload[(payload[0] + 1)..]);
        }
        else if (_videoPids.Contains(pid))
        {
            var isKey = adaptation > 1 && (packet[5] & 0x40) != 0;
            FirstKey = FirstKey < 0 && isKey ? index : FirstKey;
            PicturesBeforeKey += FirstKey < 0 ? 1 : 0;
            if (Stamp(payload) is { } seconds)
            {
                _stamps.Add(seconds);
            }
        }
    }

    private void ReadPat(ReadOnlySpan<byte> section)
    {
        var end = 3 + Length(section) - 4;
        for (var at = 8; at + 4 <= end; at += 4)
        {
            if (((section[at] << 8) | section[at + 1]) != 0)
            {
                _pmtPid = ((section[at + 2] & 0x1f) << 8) | section[at + 3];
            }
        }
    }

    private void ReadPmt(ReadOnlySpan<byte> section)
    {
        var end = Math.Min(3 + Length(section) - 4, section.Length);
        for (var at = 12 + (((section[10] & 0x0f) << 8) | section[11]); at + 5 <= end; at += 5 + (((section[at + 3] & 0x0f) << 8) | section[at + 4]))
        {
            if (section[at] is 0x01 or 0x02 or 0x1b or 0x24)
            {
                _videoPids.Add(((section[at + 1] & 0x1f) << 8) | section[at + 2]);
            }
        }
    }

    private static int Length(ReadOnlySpan<byte> section) => ((section[1] & 0x0f) << 8) | section[2];

    // DTS where there is one, else PTS.
    private static double? Stamp(ReadOnlySpan<byte> pes)
    {
        if (pes.Length < 19 || (pes[7] & 0x80) == 0)
        {
            return null;
        }

        var at = (pes[7] & 0x40) != 0 ? 14 : 9;
        var ticks = ((long)((pes[at] >> 1) & 7) << 30) | ((long)pes[at + 1] << 22) | ((long)(pes[at + 2] >> 1) << 15) | ((long)pes[at + 3] << 7) | (long)(pes[at + 4] >> 1);
        return ticks / 90_000d;
    }
}
