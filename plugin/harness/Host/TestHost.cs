using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using MediaBrowser.Common.Configuration;
using MediaBrowser.Common.Plugins;
using MediaBrowser.Controller;
using MediaBrowser.Controller.Configuration;
using MediaBrowser.Controller.Library;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Controller.Persistence;
using MediaBrowser.Controller.Plugins;
using MediaBrowser.Model.Serialization;
using MediaBrowser.Model.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coax.Harness;

/// <summary>One run of a host: plugin context, services, hosted services, plugin class, tasks, in the order of the real one's start-up.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private PluginContext? _context;
    private bool _stopped;

    private TestHost(HostFolders folders, PluginPackage package, PluginContext context, IReadOnlyList<Assembly> assemblies, WebApplication app, HostLog log, Parts parts)
    {
        Folders = folders;
        Package = package;
        _context = context;
        PluginAssembly = assemblies[0];
        _app = app;
        Log = log;
        Application = parts.Application;
        Configuration = parts.Configuration;
        TaskManager = parts.Tasks;
        Live = parts.Live;
        Library = parts.Library;
    }

    public HostFolders Folders { get; }

    public PluginPackage Package { get; }

    public Assembly PluginAssembly { get; }

    public HostLog Log { get; }

    public ApplicationHostBehaviour Application { get; }

    public ConfigurationBehaviour Configuration { get; }

    public TaskManagerBehaviour TaskManager { get; }

    public LiveStreams Live { get; }

    /// <summary>Channels and programmes that the host has stored.</summary>
    public LibraryBehaviour Library { get; }

    public IServiceProvider Services => _app.Services;

    public BasePlugin? Plugin { get; private set; }

    public IReadOnlyList<ITunerHost> TunerHosts { get; private set; } = [];

    public IReadOnlyList<IListingsProvider> Listings { get; private set; } = [];

    public IReadOnlyList<IScheduledTask> Tasks { get; private set; } = [];

    /// <summary>How long StartAsync of all hosted services took: it must not block.</summary>
    public TimeSpan StartTook { get; private set; }

    /// <summary>Our tuner host.</summary>
    public ITunerHost Tuner => TunerHosts.Single(tuner => tuner.Type == "coax");

    public IListingsProvider Guide => Listings.Single(provider => provider.Type == "coax");

    /// <summary>Address of the host's own web server, with the plugin's controllers.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    public static async Task<TestHost> StartAsync(HostFolders folders, string plugin, Dictionary<string, object>? named = null, bool withControllers = true)
    {
        var package = folders.Install(plugin);
        var context = new PluginContext();
        var assemblies = context.Load(package);
        var log = new HostLog();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = folders.Root, EnvironmentName = "Development" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning).AddProvider(log);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var parts = new Parts(folders, named ?? new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase));
        parts.Register(builder.Services);
        foreach (var type in Exported<IPluginServiceRegistrator>(assemblies))
        {
            ((IPluginServiceRegistrator)Activator.CreateInstance(type)!).RegisterServices(builder.Services, parts.Host);
        }

        HostWeb.Add(builder.Services, withControllers ? assemblies : []);
        var app = builder.Build();
        HostWeb.Use(app);
        var host = new TestHost(folders, package, context, assemblies, app, log, parts);
        try
        {
            await host.RunAsync(assemblies, parts).ConfigureAwait(false);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return host;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>A service of the plugin by the name of its type below the plugin's root namespace: <c>Engine.IEngine</c>.</summary>
    public object PluginService(string name)
    {
        var type = PluginAssembly.GetType("Jellyfin.Plugin.Coax." + name, throwOnError: true)!;
        return Services.GetRequiredService(type);
    }

    /// <summary>Runs something as a request of this device and user, as the host's IHttpContextAccessor tells it.</summary>
    public async Task<T> AsDeviceAsync<T>(string device, Func<Task<T>> act)
    {
        var accessor = Get<IHttpContextAccessor>();
        var claims = new[] { new Claim("Jellyfin-DeviceId", device), new Claim("Jellyfin-Device", device), new Claim("Jellyfin-Client", "harness"), new Claim("Jellyfin-UserId", Guid.Empty.ToString("N")) };
        accessor.HttpContext = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity(claims, "harness")) };
        try
        {
            return await act().ConfigureAwait(false);
        }
        finally
        {
            accessor.HttpContext = null;
        }
    }

    /// <summary>Stops as the host does when it restarts in process. What is returned dies when nothing holds the plugin's context any more.</summary>
    public async Task<WeakReference> StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync().ConfigureAwait(false);
            await Live.DisposeAsync().ConfigureAwait(false);
            await _app.DisposeAsync().ConfigureAwait(false);
        }

        return Unload();
    }

    public async ValueTask DisposeAsync() => _ = await StopAsync().ConfigureAwait(false);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Unload()
    {
        var reference = new WeakReference(_context);
        _context?.Unload();
        _context = null;
        return reference;
    }

    private static IEnumerable<Type> Exported<T>(IReadOnlyList<Assembly> assemblies) =>
        assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => type is { IsClass: true, IsAbstract: false } && typeof(T).IsAssignableFrom(type));

    private async Task RunAsync(IReadOnlyList<Assembly> assemblies, Parts parts)
    {
        Plugin = Exported<IPlugin>(assemblies).Select(type => (BasePlugin)ActivatorUtilities.CreateInstance(Services, type)).FirstOrDefault();
        TunerHosts = [.. Services.GetServices<ITunerHost>().Where(tuner => tuner.IsSupported)];
        Listings = [.. Services.GetServices<IListingsProvider>()];
        parts.TunerHosts = TunerHosts;
        parts.Listings = Listings;
        var clock = Stopwatch.StartNew();
        await _app.StartAsync().ConfigureAwait(false);
        StartTook = clock.Elapsed;
        Address = new Uri(Get<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Application.HttpPort = Address.Port;
        Tasks = [.. Exported<IScheduledTask>(assemblies).Select(type => (IScheduledTask)ActivatorUtilities.CreateInstance(Services, type))];
        TaskManager.HasTasks = true;
        Application.CoreStartupHasCompleted = true;
    }

    /// <summary>The host's services that plugins are given.</summary>
    private sealed class Parts
    {
        public Parts(HostFolders folders, Dictionary<string, object> named)
        {
            var paths = Fake<IServerApplicationPaths>.By(folders);
            Application = new ApplicationHostBehaviour();
            Host = Fake<IServerApplicationHost>.By(Application);
            Configuration = new ConfigurationBehaviour(folders, paths, named);
            Tasks = new TaskManagerBehaviour();
            Live = new LiveStreams(() => TunerHosts);
            Paths = paths;
        }

        public ApplicationHostBehaviour Application { get; }

        public IServerApplicationHost Host { get; }

        public ConfigurationBehaviour Configuration { get; }

        public TaskManagerBehaviour Tasks { get; }

        public LiveStreams Live { get; }

        public LibraryBehaviour Library { get; } = new();

        public IReadOnlyList<ITunerHost> TunerHosts { get; set; } = [];

        public IReadOnlyList<IListingsProvider> Listings { get; set; } = [];

        private IServerApplicationPaths Paths { get; }

        public void Register(IServiceCollection services)
        {
            services.AddHttpClient();
            services.AddHttpContextAccessor();
            services.AddSingleton<IApplicationPaths>(Paths);
            services.AddSingleton(Paths);
            services.AddSingleton(Host);
            services.AddSingleton<MediaBrowser.Common.IApplicationHost>(Host);
            var configuration = Fake<IServerConfigurationManager>.By(Configuration);
            services.AddSingleton(configuration);
            services.AddSingleton<IConfigurationManager>(configuration);
            services.AddSingleton(Fake<IItemRepository>.By(Library));
            services.AddSingleton(Fake<IXmlSerializer>.By(new XmlSerializerBehaviour()));
            services.AddSingleton(Fake<ITaskManager>.By(Tasks));
            services.AddSingleton(Fake<IMediaSourceManager>.By(Live));
            services.AddSingleton(Fake<ITunerHostManager>.By(new TunerHostManagerBehaviour(() => TunerHosts, Configuration, Tasks)));
            services.AddSingleton(Fake<IListingsManager>.By(new ListingsManagerBehaviour(() => Listings, Configuration, Tasks)));
            // Everything else that the host has, and that does nothing here: sessions, API keys, users.
            foreach (var type in typeof(IServerApplicationHost).Assembly.GetExportedTypes().Where(type => type.IsInterface && type.Name.EndsWith("Manager", StringComparison.Ordinal)))
            {
                services.TryAdd(new ServiceDescriptor(type, Fakes.Idle(type)));
            }
        }
    }
}
