namespace MediaBrowser.Common;

/// <summary>The running server.</summary>
public interface IApplicationHost
{
    string Name { get; }

    string SystemId { get; }

    bool HasPendingRestart { get; }

    bool ShouldRestart { get; set; }

    Version ApplicationVersion { get; }

    string ApplicationVersionString { get; }

    void NotifyPendingRestart();
}
