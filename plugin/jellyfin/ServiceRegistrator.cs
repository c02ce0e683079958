using Jellyfin.Plugin.Coax.Api;
using Jellyfin.Plugin.Coax.Database;
using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.Guide;
using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Controller;
using MediaBrowser.Controller.Plugins;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jellyfin.Plugin.Coax;

/// <summary>Adds the plugin's services to the server. Nothing here may throw: the server would mark the plugin as broken, and 10.11 deletes broken plugins.</summary>
public class ServiceRegistrator : IPluginServiceRegistrator
{
    /// <inheritdoc />
    public void RegisterServices(IServiceCollection serviceCollection, IServerApplicationHost applicationHost)
    {
        serviceCollection.AddSingleton<CoaxFolders>();
        serviceCollection.AddSingleton<EngineSupervisor>();
        serviceCollection.AddSingleton<IEngine>(services => services.GetRequiredService<EngineSupervisor>());
        serviceCollection.AddHostedService(services => services.GetRequiredService<EngineSupervisor>());
        serviceCollection.AddSingleton<EngineApi>();
        LiveTvServices.Add(serviceCollection);
        GuideServices.Add(serviceCollection);
        serviceCollection.AddSingleton<AdminForwarder>();
        serviceCollection.AddSingleton<DatabaseCache>();
        serviceCollection.AddHostedService(services => services.GetRequiredService<DatabaseCache>());
    }
}
