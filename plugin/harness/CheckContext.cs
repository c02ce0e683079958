namespace Coax.Harness;

/// <summary>What checks work with: a shared host that has channels, fresh hosts of their own, the provider, and figures to report.</summary>
internal sealed class CheckContext : IAsyncDisposable
{
    private readonly ScratchFolder _scratch;
    private readonly SemaphoreSlim _sharing = new(1, 1);
    private readonly List<TestHost> _hosts = [];
    private ProviderControl? _provider;
    private TestHost? _shared;
    private DateTime _mark = DateTime.MinValue;
    private int _folders;

    public CheckContext(HarnessOptions options)
    {
        Options = options;
        _scratch = new ScratchFolder(options.Scratch);
    }

    public HarnessOptions Options { get; }

    /// <summary>Numbers of the check that runs; they stand in its line.</summary>
    public Dictionary<string, object> Figures { get; } = [];

    /// <summary>The fake provider; the check is skipped where there is none.</summary>
    public ProviderControl Provider
    {
        get
        {
            if (Options.ProviderControl.Length == 0)
            {
                throw new CheckSkippedException("there is no fake provider (--provider-control)");
            }

            return _provider ??= new ProviderControl(Options.ProviderControl);
        }
    }

    /// <summary>Folders for a host of one's own: the engine's configuration document and the Node runtime are set.</summary>
    public HostFolders NewFolders(IReadOnlyDictionary<string, string>? configuration = null)
    {
        var folders = new HostFolders(Path.Combine(_scratch.Path, $"host-{Interlocked.Increment(ref _folders)}"));
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Options.Node.Length > 0)
        {
            values["NodePath"] = Options.Node;
        }

        foreach (var (key, value) in configuration ?? new Dictionary<string, string>())
        {
            values[key] = value;
        }

        folders.Configure(values);
        if (Options.EngineConfig.Length > 0)
        {
            Directory.CreateDirectory(folders.EngineData);
            File.Copy(Options.EngineConfig, Path.Combine(folders.EngineData, "config.json"));
        }

        return folders;
    }

    /// <summary>Starts a host; dispose of it. <paramref name="named"/> holds the host's named configurations over restarts.</summary>
    public async Task<TestHost> StartHostAsync(HostFolders folders, Dictionary<string, object>? named = null)
    {
        var host = await TestHost.StartAsync(folders, Options.Plugin, named).ConfigureAwait(false);
        lock (_hosts)
        {
            _hosts.Add(host);
        }

        return host;
    }

    /// <summary>A host that all checks share, whose engine has channels. Checks leave no stream open in it.</summary>
    public async Task<TestHost> SharedHostAsync()
    {
        await _sharing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_shared is null)
            {
                var host = await StartHostAsync(NewFolders()).ConfigureAwait(false);
                await WaitForChannelsAsync(host).ConfigureAwait(false);
                _shared = host;
            }

            return _shared;
        }
        finally
        {
            _sharing.Release();
        }
    }

    public static Task<TimeSpan> WaitForChannelsAsync(TestHost host, int seconds = 30) =>
        Expect.SoonAsync(
            async () => (await host.Tuner.GetChannels(true, CancellationToken.None).ConfigureAwait(false)).Count > 0,
            TimeSpan.FromSeconds(seconds),
            "the tuner host has channels");

    /// <summary>The log of a failed check starts here.</summary>
    public void MarkLog() => _mark = DateTime.UtcNow;

    /// <summary>Warnings and errors of all hosts since the mark; everything with --verbose.</summary>
    public string LogSinceMark()
    {
        lock (_hosts)
        {
            var least = Options.Verbose ? Microsoft.Extensions.Logging.LogLevel.Debug : Microsoft.Extensions.Logging.LogLevel.Warning;
            var lines = _hosts.SelectMany(host => host.Log.Lines).Where(line => line.At >= _mark && line.Level >= least).OrderBy(line => line.At).TakeLast(Options.Verbose ? 200 : 15).ToList();
            return lines.Count == 0 ? string.Empty : "\nhost log:\n" + string.Join('\n', lines);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        _provider?.Dispose();
        _sharing.Dispose();
        _scratch.Dispose();
    }
}
