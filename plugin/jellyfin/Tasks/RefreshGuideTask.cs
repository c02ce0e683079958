using MediaBrowser.Model.Tasks;

namespace Jellyfin.Plugin.Coax.Tasks;

/// <summary>Refreshes the guides of all sources of the engine now. The server's own guide follows when something changed.</summary>
public sealed class RefreshGuideTask(SourceRefresh refresh) : IScheduledTask
{
    /// <inheritdoc />
    public string Name => "Refresh guides of sources";

    /// <inheritdoc />
    public string Key => "CoaxRefreshGuide";

    /// <inheritdoc />
    public string Description => "Reads the guides of all providers anew. Jellyfin's guide is refreshed after it if they have changed.";

    /// <inheritdoc />
    public string Category => "Coax";

    /// <inheritdoc />
    public Task ExecuteAsync(IProgress<double> progress, CancellationToken cancellationToken) => refresh.RunAsync(guideOnly: true, progress, cancellationToken);

    /// <summary>None: the engine has a schedule of its own.</summary>
    public IEnumerable<TaskTriggerInfo> GetDefaultTriggers() => [];
}
