using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller.LiveTv;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>The services of live TV.</summary>
internal static class LiveTvServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<OpenStreams>();
        services.AddSingleton<PreparedStreams>();
        services.AddSingleton<Asker>();
        services.AddSingleton<TunerEntry>();
        services.AddSingleton<ChannelFile>();
        services.AddSingleton<ChannelStore>();
        services.AddSingleton(provider => new LiveStreamServices(
            provider.GetRequiredService<IEngine>(),
            provider.GetRequiredService<EngineApi>(),
            provider.GetRequiredService<OpenStreams>(),
            provider.GetRequiredService<Asker>(),
            provider.GetRequiredService<ILogger<CoaxLiveStream>>(),
            provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None));
        services.AddSingleton<ITunerHost, CoaxTunerHost>();
        services.AddSingleton<IHostedService, StreamReaper>();
        services.AddSingleton<IHostedService, SessionWatch>();
    }
}
