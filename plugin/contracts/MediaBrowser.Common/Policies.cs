namespace MediaBrowser.Common.Api;

/// <summary>Names of the host's authorisation policies.</summary>
public static class Policies
{
    public const string RequiresElevation = "RequiresElevation";

    public const string LiveTvAccess = "LiveTvAccess";

    public const string LiveTvManagement = "LiveTvManagement";
}
