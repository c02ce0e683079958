namespace MediaBrowser.Common.Net;

/// <summary>Names of the host's HTTP clients.</summary>
public static class NamedClient
{
    public const string Default = "Default";
}
