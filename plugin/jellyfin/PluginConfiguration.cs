using MediaBrowser.Model.Plugins;

namespace Jellyfin.Plugin.Coax;

/// <summary>The plugin's settings. Few and plain: accounts, channels and guides are kept by the engine.</summary>
public class PluginConfiguration : BasePluginConfiguration
{
    /// <summary>Path of a Node program; empty to look for one.</summary>
    public string NodePath { get; set; } = string.Empty;

    /// <summary>Address of an engine that runs elsewhere; empty to start one.</summary>
    public string EngineUrl { get; set; } = string.Empty;

    /// <summary>Token for <see cref="EngineUrl"/>.</summary>
    public string EngineToken { get; set; } = string.Empty;

    /// <summary>Port for the engine that is started; 0 for the last one or any.</summary>
    public int EnginePort { get; set; }

    /// <summary>Where a Node runtime is fetched from when there is none, with <c>#sha256=HEX</c> at its end; empty for nodejs.org.</summary>
    public string RuntimeUrl { get; set; } = string.Empty;

    /// <summary>The engine's output that this server shows; empty for the first.</summary>
    public string OutputId { get; set; } = string.Empty;

    /// <summary>Days of guide; 0 leaves the server's own setting.</summary>
    public int GuideDays { get; set; } = 7;

    /// <summary>Whether a tuner and a guide are made when there are none.</summary>
    public bool Provision { get; set; } = true;

    /// <summary>Whether clients may read the transport stream directly.</summary>
    public bool DirectPlay { get; set; }

    /// <summary>Whether channels carry their groups as tags. The server copies a channel's tags to each of its programmes.</summary>
    public bool GroupTags { get; set; }

    /// <summary>Whether a guide refresh of the server looks up the stored programmes of many channels at a time.</summary>
    public bool BatchLookUps { get; set; } = true;
}
