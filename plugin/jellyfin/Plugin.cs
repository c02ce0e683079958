using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Common.Configuration;
using MediaBrowser.Common.Plugins;
using MediaBrowser.Model.Plugins;
using MediaBrowser.Model.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax;

/// <summary>The plugin as the server lists it: its settings, its pages and its end.</summary>
public class Plugin : BasePlugin<PluginConfiguration>, IHasWebPages
{
    /// <summary>Time that uninstalling waits for the engine's end.</summary>
    private static readonly TimeSpan UninstallWait = TimeSpan.FromSeconds(8);

    private readonly IServiceProvider services;
    private readonly ILogger<Plugin> logger;

    /// <summary>Made by the server after the services are registered. Only remembers.</summary>
    public Plugin(IApplicationPaths applicationPaths, IXmlSerializer xmlSerializer, IServiceProvider services, ILogger<Plugin> logger)
        : base(applicationPaths, xmlSerializer)
    {
        this.services = services;
        this.logger = logger;
        Instance = this;
    }

    /// <summary>The plugin of this load, or null before it is made (or when making it failed).</summary>
    public static Plugin? Instance { get; private set; }

    /// <inheritdoc />
    public override string Name => "Coax";

    /// <inheritdoc />
    public override Guid Id => Guid.Parse("6d0f7a52-2f0b-4c5e-9c1e-8a54c0a7d3b1");

    /// <inheritdoc />
    public override string Description => "Live TV, catch-up and video on demand from IPTV providers.";

    /// <inheritdoc />
    public IEnumerable<PluginPageInfo> GetPages() =>
    [
        new PluginPageInfo
        {
            Name = "CoaxConfig",
            DisplayName = Name,
            EmbeddedResourcePath = "Jellyfin.Plugin.Coax.Pages.CoaxConfig.html",
            EnableInMainMenu = true,
            MenuIcon = "live_tv",
        },
        new PluginPageInfo
        {
            Name = "CoaxConfig.js",
            EmbeddedResourcePath = "Jellyfin.Plugin.Coax.Pages.CoaxConfig.js",
        },
    ];

    /// <inheritdoc />
    public override void UpdateConfiguration(BasePluginConfiguration configuration)
    {
        var before = EngineSettings(Configuration);
        base.UpdateConfiguration(configuration);
        if (EngineSettings(Configuration) != before)
        {
            _ = RestartEngineAsync();
        }
    }

    /// <inheritdoc />
    public override void OnUninstalling()
    {
        try
        {
            services.GetService<IRegistrations>()?.Remove();
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The tuner and guide entries of Coax could not be removed");
        }

        try
        {
            if (services.GetService<IEngine>() is EngineSupervisor supervisor && !supervisor.EndAsync().Wait(UninstallWait))
            {
                logger.LogWarning("The engine had not ended after {Seconds} s", UninstallWait.TotalSeconds);
            }
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The engine could not be stopped");
        }

        base.OnUninstalling();
    }

    /// <summary>The settings that take effect with a new start of the engine.</summary>
    private static (string, string, string, int, string) EngineSettings(PluginConfiguration settings) =>
        (settings.NodePath, settings.EngineUrl, settings.EngineToken, settings.EnginePort, settings.RuntimeUrl);

    private async Task RestartEngineAsync()
    {
        try
        {
            if (services.GetService<IEngine>() is { } engine)
            {
                await engine.RestartAsync(CancellationToken.None);
            }
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The engine was not started again after a change of the settings");
        }
    }
}
