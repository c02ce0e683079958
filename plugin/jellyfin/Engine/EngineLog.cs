using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>
/// Passes the engine's log lines on to the server's log, one category for each part of the engine
/// (<c>Jellyfin.Plugin.Coax.relay</c>). A line that is no JSON is written as it is.
/// </summary>
internal sealed class EngineLog(ILoggerFactory factory)
{
    /// <summary>Longer lines are cut.</summary>
    public const int LineLimit = 16_384;

    private const string Category = "Jellyfin.Plugin.Coax.";
    private const int PartLimit = 64;
    private const int LastWordsLimit = 300;

    private readonly ConcurrentDictionary<string, ILogger> loggers = new(StringComparer.Ordinal);

    /// <summary>The last line that told of an error, or else the last line: what to show when the engine ends.</summary>
    public string LastWords { get; private set; } = string.Empty;

    /// <summary>Writes one line. Never throws.</summary>
    public void Write(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        try
        {
            var (level, part, text) = Read(line);
            if (level >= LogLevel.Error || LastWords.Length == 0 || text.Contains("Error", StringComparison.Ordinal))
            {
                LastWords = text.Length <= LastWordsLimit ? text : text[..LastWordsLimit] + "…";
            }

            Logger(part).Log(level, "{Line:l}", text);
        }
        catch (Exception)
        {
            // A log that can't be written must not end the reading of the pipe: the engine would block.
        }
    }

    /// <summary>Level, part and text of a line.</summary>
    internal static (LogLevel Level, string Part, string Text) Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            return (LogLevel.Information, string.Empty, line);
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            var text = new StringBuilder();
            var (level, part) = (LogLevel.Information, string.Empty);
            foreach (var field in document.RootElement.EnumerateObject())
            {
                switch (field.Name)
                {
                    case "level":
                        level = Level(field.Value.ToString());
                        break;
                    case "part":
                        part = field.Value.ToString();
                        break;
                    case "message":
                        text.Insert(0, field.Value.ToString());
                        break;
                    case "time":
                        break;
                    default:
                        text.Append(CultureInfo.InvariantCulture, $" {field.Name}={Value(field.Value)}");
                        break;
                }
            }

            return (level, part, text.ToString());
        }
        catch (JsonException)
        {
            return (LogLevel.Information, string.Empty, line);
        }
    }

    private static string Value(JsonElement value)
    {
        var text = value.ToString();
        return value.ValueKind == JsonValueKind.String && text.Contains(' ', StringComparison.Ordinal) ? $"\"{text}\"" : text;
    }

    private static LogLevel Level(string name) => name switch
    {
        "error" => LogLevel.Error,
        "warn" => LogLevel.Warning,
        "debug" => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    private ILogger Logger(string part)
    {
        var name = part.Length is > 0 and <= 40 && loggers.Count < PartLimit ? part : "engine";
        return loggers.GetOrAdd(name, static (key, made) => made.CreateLogger(Category + key), factory);
    }
}
