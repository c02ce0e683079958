using System.Text.Json;
using System.Text.Json.Serialization;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>How JSON to and from the engine is read and written: camelCase, unknown fields passed over, absent instead of null.</summary>
public static class EngineJson
{
    /// <summary>The one set of options; read-only.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
