using System.Text.Json;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>The first line that the engine writes: where it listens, and the token of this start.</summary>
internal sealed record Handshake(int Coax, string Version, string Host, int Port, string Token, int Pid)
{
    /// <summary>The protocol that this plugin speaks.</summary>
    public const int Protocol = 1;

    /// <summary>The engine's address.</summary>
    public Uri Address => new UriBuilder(Uri.UriSchemeHttp, Host, Port).Uri;

    /// <summary>Reads the line. The text is not repeated in errors beyond a few characters, as it may hold the token.</summary>
    public static Handshake Parse(string line)
    {
        Handshake? handshake = null;
        try
        {
            handshake = JsonSerializer.Deserialize<Handshake>(line, EngineJson.Options);
        }
        catch (JsonException)
        {
            // Said below.
        }

        if (handshake is null || handshake.Coax == 0)
        {
            throw new EngineFailure(EngineMessages.WrongHandshake(line.StartsWith('{') ? "{…}." : $"\"{Shorten(line)}\"."));
        }

        if (handshake.Coax != Protocol)
        {
            throw new EngineFailure(EngineMessages.WrongProtocol(handshake.Coax));
        }

        return string.IsNullOrEmpty(handshake.Host) || handshake.Port is < 1 or > 65535 || string.IsNullOrEmpty(handshake.Token)
            ? throw new EngineFailure(EngineMessages.WrongHandshake("{…}."))
            : handshake;
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
