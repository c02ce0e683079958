namespace Jellyfin.Plugin.Coax;

/// <summary>What the plugin has entered into the server's settings.</summary>
public interface IRegistrations
{
    /// <summary>Removes the tuner and the guide that the plugin made. Called once, when it is uninstalled; never throws.</summary>
    void Remove();
}
