using System.Net;
using System.Xml.Serialization;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.Dto;
using MediaBrowser.Model.LiveTv;
using MediaBrowser.Model.Tasks;

namespace Coax.Harness;



/// <summary>Stands behind IServerApplicationHost.</summary>
internal sealed class ApplicationHostBehaviour
{
    public bool CoreStartupHasCompleted { get; set; }

    public int HttpPort { get; set; }

    public Version ApplicationVersion { get; } = new(10, 11, 11);

    public string ApplicationVersionString => "10.11.11";

    public string SystemId => "0123456789abcdef0123456789abcdef";

    public string Name => "Jellyfin Server";

    public string FriendlyName => "harness";

    public string GetApiUrlForLocalAccess(IPAddress ipAddress, bool allowHttps) => $"http://127.0.0.1:{HttpPort}";

    public string GetSmartApiUrl(IPAddress remoteAddr) => $"http://127.0.0.1:{HttpPort}";
}

/// <summary>Stands behind IServerConfigurationManager: named configurations live in memory, as long as the folders of the host.</summary>
internal sealed class ConfigurationBehaviour(HostFolders folders, object paths, Dictionary<string, object> named)
{
    public object ApplicationPaths => paths;

    public object CommonApplicationPaths => paths;

    public HostFolders Folders => folders;

    public LiveTvOptions LiveTv => (LiveTvOptions)GetConfiguration("livetv");

    public object GetConfiguration(string key)
    {
        if (!named.TryGetValue(key, out var value))
        {
            value = key == "livetv" ? new LiveTvOptions { TunerHosts = [], ListingProviders = [] } : new object();
            named[key] = value;
        }

        return value;
    }

    public void SaveConfiguration(string key, object configuration) => named[key] = configuration;
}

/// <summary>Stands behind ITunerHostManager; saving works only after start-up has completed, as in the host.</summary>
internal sealed class TunerHostManagerBehaviour(Func<IReadOnlyList<ITunerHost>> tuners, ConfigurationBehaviour configuration, TaskManagerBehaviour tasks)
{
    public IReadOnlyList<ITunerHost> TunerHosts => tuners();

    public IEnumerable<NameIdPair> GetTunerHostTypes() => tuners().Select(tuner => new NameIdPair { Name = tuner.Name, Id = tuner.Type });

    public async Task<TunerHostInfo> SaveTunerHost(TunerHostInfo info, bool dataSourceChanged)
    {
        var host = tuners().First(tuner => string.Equals(tuner.Type, info.Type, StringComparison.OrdinalIgnoreCase));
        if (host is IConfigurableTunerHost configurable)
        {
            await configurable.Validate(info).ConfigureAwait(false);
        }

        var options = configuration.LiveTv;
        if (string.IsNullOrWhiteSpace(info.Id))
        {
            info.Id = Guid.NewGuid().ToString("N");
        }

        options.TunerHosts = [.. options.TunerHosts.Where(known => known.Id != info.Id), info];
        if (dataSourceChanged)
        {
            tasks.QueueGuideRefresh();
        }

        return info;
    }

    public void DeleteTunerHost(string? id) =>
        configuration.LiveTv.TunerHosts = [.. configuration.LiveTv.TunerHosts.Where(known => known.Id != id)];
}

/// <summary>Stands behind IListingsManager.</summary>
internal sealed class ListingsManagerBehaviour(Func<IReadOnlyList<IListingsProvider>> providers, ConfigurationBehaviour configuration, TaskManagerBehaviour tasks)
{
    public async Task<ListingsProviderInfo> SaveListingProvider(ListingsProviderInfo info, bool validateLogin, bool validateListings)
    {
        var provider = providers().First(one => string.Equals(one.Type, info.Type, StringComparison.OrdinalIgnoreCase));
        await provider.Validate(info, validateLogin, validateListings).ConfigureAwait(false);
        if (string.IsNullOrWhiteSpace(info.Id))
        {
            info.Id = Guid.NewGuid().ToString("N");
        }

        var options = configuration.LiveTv;
        options.ListingProviders = [.. options.ListingProviders.Where(known => known.Id != info.Id), info];
        tasks.QueueGuideRefresh();
        return info;
    }

    public void DeleteListingsProvider(string? id)
    {
        configuration.LiveTv.ListingProviders = [.. configuration.LiveTv.ListingProviders.Where(known => known.Id != id)];
        tasks.QueueGuideRefresh();
    }
}

/// <summary>Stands behind ITaskManager: counts the guide refreshes that were asked for, and runs none.</summary>
internal sealed class TaskManagerBehaviour
{
    private readonly List<IScheduledTaskWorker> _workers;
    private int _guideRefreshes;

    public TaskManagerBehaviour() => _workers = [Fake<IScheduledTaskWorker>.By(new WorkerBehaviour())];

    /// <summary>False until start-up has completed: then the host's list of tasks is empty, and asking for one throws.</summary>
    public bool HasTasks { get; set; }

    public int GuideRefreshes => _guideRefreshes;

    public IReadOnlyList<IScheduledTaskWorker> ScheduledTasks => HasTasks ? _workers : [];

    public void QueueGuideRefresh()
    {
        if (!HasTasks)
        {
            throw new InvalidOperationException("Sequence contains no matching element");
        }

        Interlocked.Increment(ref _guideRefreshes);
    }

    public Task Execute(IScheduledTaskWorker task, TaskOptions options)
    {
        QueueGuideRefresh();
        return Task.CompletedTask;
    }

    public void QueueScheduledTask(IScheduledTask task, TaskOptions options) => QueueGuideRefresh();

    private sealed class WorkerBehaviour
    {
        public IScheduledTask ScheduledTask { get; } = Fake<IScheduledTask>.By(new GuideTaskBehaviour());

        public string Id => "bea9b218c97bbf98c5dc1303bdb9a0ca";

        public string Name => "Refresh Guide";

        public TaskState State => TaskState.Idle;
    }

    private sealed class GuideTaskBehaviour
    {
        public string Key => "RefreshGuide";

        public string Name => "Refresh Guide";
    }
}

/// <summary>Stands behind IXmlSerializer, with the framework's own.</summary>
internal sealed class XmlSerializerBehaviour
{
    public object? DeserializeFromFile(Type type, string file)
    {
        using var stream = File.OpenRead(file);
        return DeserializeFromStream(type, stream);
    }

    public object? DeserializeFromStream(Type type, Stream stream) => new XmlSerializer(type).Deserialize(System.Xml.XmlReader.Create(stream));

    public object? DeserializeFromBytes(Type type, byte[] buffer) => DeserializeFromStream(type, new MemoryStream(buffer));

    public void SerializeToFile(object obj, string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = File.Create(file);
        SerializeToStream(obj, stream);
    }

    public void SerializeToStream(object obj, Stream stream) => new XmlSerializer(obj.GetType()).Serialize(stream, obj);
}
