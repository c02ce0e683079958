using Microsoft.Extensions.DependencyInjection;

namespace MediaBrowser.Controller.Plugins;

/// <summary>Adds a plugin's services to the host's container; made with its parameterless constructor.</summary>
public interface IPluginServiceRegistrator
{
    void RegisterServices(IServiceCollection serviceCollection, IServerApplicationHost applicationHost);
}
