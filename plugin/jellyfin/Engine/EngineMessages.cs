namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Everything that the plugin says about the engine. docs/install.md lists these sentences.</summary>
public static class EngineMessages
{
    /// <summary>An answer that could not be read.</summary>
    public const string WrongAnswer = "The engine gave an answer that this plugin does not understand. If the engine runs elsewhere (EngineUrl), its version must equal the plugin's.";
}
