using Jellyfin.Plugin.Coax.LiveTv;
using Jellyfin.Plugin.Coax.Provisioning;
using Jellyfin.Plugin.Coax.Tasks;
using MediaBrowser.Controller.LiveTv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>The services of the guide: programmes, entries in the server's settings, tasks.</summary>
internal static class GuideServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<GuideStore>();
        services.AddSingleton<IGuideOrder, GuideOrder>();
        services.AddSingleton<PictureFiles>();
        services.AddSingleton<ProgrammeLookUps>();
        LibraryWithLookUps.Add(services);
        services.AddSingleton<IListingsProvider, CoaxListingsProvider>();
        services.AddSingleton<LiveTvEntries>();
        services.AddSingleton<GuideRefresher>();
        services.AddSingleton<Provisioner>();
        services.AddSingleton<IRegistrations>(provider => provider.GetRequiredService<Provisioner>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Provisioner>());
        services.AddSingleton<SourceRefresh>();
    }
}
