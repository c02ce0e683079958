using MediaBrowser.Model.Tasks;

namespace Jellyfin.Plugin.Coax.Tasks;

/// <summary>Refreshes all sources of the engine now: channels, movies, series and guides.</summary>
public sealed class RefreshSourcesTask(SourceRefresh refresh) : IScheduledTask
{
    /// <inheritdoc />
    public string Name => "Refresh sources";

    /// <inheritdoc />
    public string Key => "CoaxRefreshSources";

    /// <inheritdoc />
    public string Description => "Reads the lists of all providers anew. Coax also does this by itself, at the times set for each source.";

    /// <inheritdoc />
    public string Category => "Coax";

    /// <inheritdoc />
    public Task ExecuteAsync(IProgress<double> progress, CancellationToken cancellationToken) => refresh.RunAsync(guideOnly: false, progress, cancellationToken);

    /// <summary>None: the engine has a schedule of its own, which keeps apart what providers would refuse at once.</summary>
    public IEnumerable<TaskTriggerInfo> GetDefaultTriggers() => [];
}
