namespace MediaBrowser.Model.Plugins;

/// <summary>The base of a plugin's settings.</summary>
public class BasePluginConfiguration
{
}

/// <summary>A plugin with pages in the dashboard.</summary>
public interface IHasWebPages
{
    IEnumerable<PluginPageInfo> GetPages();
}

/// <summary>A page (or script) embedded in a plugin. Names are global to the server.</summary>
public class PluginPageInfo
{
    public string Name { get; set; } = string.Empty;

    public string? DisplayName { get; set; }

    public string EmbeddedResourcePath { get; set; } = string.Empty;

    public bool EnableInMainMenu { get; set; }

    public string? MenuSection { get; set; }

    public string? MenuIcon { get; set; }
}

/// <summary>Where a plugin is in its life.</summary>
public enum PluginStatus
{
    Active = 0,
    Restart = 1,
    Disabled = -1,
    NotSupported = -2,
    Malfunctioned = -3,
    Superseded = -4,
    Deleted = -5,
}

/// <summary>A plugin as the dashboard lists it.</summary>
public class PluginInfo(string name, Version version, string description, Guid id, bool canUninstall)
{
    public string Name { get; set; } = name;

    public Version Version { get; set; } = version;

    public string? ConfigurationFileName { get; set; }

    public string Description { get; set; } = description;

    public Guid Id { get; set; } = id;

    public bool CanUninstall { get; set; } = canUninstall;

    public bool HasImage { get; set; }

    public PluginStatus Status { get; set; }
}
