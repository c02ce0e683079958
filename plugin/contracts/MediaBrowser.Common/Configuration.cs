namespace MediaBrowser.Common.Configuration;

/// <summary>The folders of a server.</summary>
public interface IApplicationPaths
{
    string ProgramDataPath { get; }

    string WebPath { get; }

    string ProgramSystemPath { get; }

    string DataPath { get; }

    string ImageCachePath { get; }

    string PluginsPath { get; }

    string PluginConfigurationsPath { get; }

    string LogDirectoryPath { get; }

    string ConfigurationDirectoryPath { get; }

    string SystemConfigurationFilePath { get; }

    string CachePath { get; }

    string TempDirectory { get; }

    string VirtualDataPath { get; }
}

/// <summary>Tells which named part of the configuration changed.</summary>
public class ConfigurationUpdateEventArgs(string key, object newConfiguration) : EventArgs
{
    public string Key { get; } = key;

    public object NewConfiguration { get; } = newConfiguration;
}

/// <summary>Reads and writes the named parts of the server's configuration.</summary>
public interface IConfigurationManager
{
    event EventHandler<EventArgs> ConfigurationUpdated;

    event EventHandler<ConfigurationUpdateEventArgs> NamedConfigurationUpdated;

    IApplicationPaths CommonApplicationPaths { get; }

    object GetConfiguration(string key);

    void SaveConfiguration(string key, object configuration);
}
