using MediaBrowser.Common.Configuration;
using MediaBrowser.Model.Plugins;
using MediaBrowser.Model.Serialization;

namespace MediaBrowser.Common.Plugins;

/// <summary>What the host knows of a plugin.</summary>
public interface IPlugin
{
    string Name { get; }

    string Description { get; }

    Guid Id { get; }

    Version Version { get; }

    string AssemblyFilePath { get; }

    bool CanUninstall { get; }

    string DataFolderPath { get; }

    PluginInfo GetPluginInfo();

    void OnUninstalling();
}

/// <summary>Set by the host before a plugin is used.</summary>
public interface IPluginAssembly
{
    void SetAttributes(string assemblyFilePath, string dataFolderPath, Version assemblyVersion);

    void SetId(Guid assemblyId);
}

/// <summary>A plugin with settings.</summary>
public interface IHasPluginConfiguration
{
    Type ConfigurationType { get; }

    BasePluginConfiguration Configuration { get; }

    void UpdateConfiguration(BasePluginConfiguration configuration);
}

/// <summary>The base of each plugin.</summary>
public abstract class BasePlugin : IPlugin, IPluginAssembly
{
    public abstract string Name { get; }

    public virtual string Description => string.Empty;

    public virtual Guid Id { get; private set; }

    public Version Version { get; private set; } = new(0, 0);

    public string AssemblyFilePath { get; private set; } = string.Empty;

    public string DataFolderPath { get; private set; } = string.Empty;

    public bool CanUninstall => true;

    public virtual PluginInfo GetPluginInfo() => new(Name, Version, Description, Id, CanUninstall);

    public virtual void OnUninstalling()
    {
    }

    public void SetAttributes(string assemblyFilePath, string dataFolderPath, Version assemblyVersion)
    {
        AssemblyFilePath = assemblyFilePath;
        DataFolderPath = dataFolderPath;
        Version = assemblyVersion;
    }

    public void SetId(Guid assemblyId) => Id = assemblyId;
}

/// <summary>A plugin whose settings are one XML file, made with default values when there is none.</summary>
public abstract class BasePlugin<TConfigurationType> : BasePlugin, IHasPluginConfiguration
    where TConfigurationType : BasePluginConfiguration
{
    private TConfigurationType? configuration;

    protected BasePlugin(IApplicationPaths applicationPaths, IXmlSerializer xmlSerializer)
    {
        ApplicationPaths = applicationPaths;
        XmlSerializer = xmlSerializer;
        var assembly = GetType().Assembly;
        var name = assembly.GetName();
        SetAttributes(assembly.Location, Path.Combine(applicationPaths.PluginsPath, name.Name ?? string.Empty), name.Version ?? new Version(0, 0));
    }

    protected IApplicationPaths ApplicationPaths { get; }

    protected IXmlSerializer XmlSerializer { get; }

    public Type ConfigurationType => typeof(TConfigurationType);

    public EventHandler<BasePluginConfiguration>? ConfigurationChanged { get; set; }

    protected string AssemblyFileName => Path.GetFileName(AssemblyFilePath);

    public TConfigurationType Configuration
    {
        get => configuration ??= Load();
        protected set => configuration = value;
    }

    public virtual string ConfigurationFileName => Path.ChangeExtension(AssemblyFileName, ".xml");

    public string ConfigurationFilePath => Path.Combine(ApplicationPaths.PluginConfigurationsPath, ConfigurationFileName);

    BasePluginConfiguration IHasPluginConfiguration.Configuration => Configuration;

    public virtual void SaveConfiguration(TConfigurationType config)
    {
        Directory.CreateDirectory(ApplicationPaths.PluginConfigurationsPath);
        XmlSerializer.SerializeToFile(config, ConfigurationFilePath);
    }

    public virtual void SaveConfiguration() => SaveConfiguration(Configuration);

    public virtual void UpdateConfiguration(BasePluginConfiguration configuration)
    {
        Configuration = (TConfigurationType)configuration;
        SaveConfiguration(Configuration);
        ConfigurationChanged?.Invoke(this, configuration);
    }

    public override PluginInfo GetPluginInfo()
    {
        var info = base.GetPluginInfo();
        info.ConfigurationFileName = ConfigurationFileName;
        return info;
    }

    private TConfigurationType Load() =>
        File.Exists(ConfigurationFilePath)
            ? (TConfigurationType)XmlSerializer.DeserializeFromFile(ConfigurationType, ConfigurationFilePath)
            : (TConfigurationType)Activator.CreateInstance(ConfigurationType)!;
}
