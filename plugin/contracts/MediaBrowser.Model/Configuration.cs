namespace MediaBrowser.Model.Configuration;

/// <summary>The settings that any host has.</summary>
public class BaseApplicationConfiguration
{
    public bool IsStartupWizardCompleted { get; set; }
}

/// <summary>The server's settings.</summary>
public class ServerConfiguration : BaseApplicationConfiguration
{
    public string ServerName { get; set; } = string.Empty;

    public string UICulture { get; set; } = string.Empty;

    public string PreferredMetadataLanguage { get; set; } = string.Empty;

    public string MetadataCountryCode { get; set; } = string.Empty;
}
