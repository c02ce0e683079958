using System.Net;
using MediaBrowser.Common;

namespace MediaBrowser.Controller;

/// <summary>The running server with its addresses.</summary>
public interface IServerApplicationHost : IApplicationHost
{
    bool CoreStartupHasCompleted { get; }

    int HttpPort { get; }

    int HttpsPort { get; }

    bool ListenWithHttps { get; }

    string FriendlyName { get; }

    string GetSmartApiUrl(IPAddress remoteAddr);

    string GetApiUrlForLocalAccess(IPAddress? ipAddress = null, bool allowHttps = true);
}

/// <summary>The folders of a server, with those of its library.</summary>
public interface IServerApplicationPaths : MediaBrowser.Common.Configuration.IApplicationPaths
{
    string RootFolderPath { get; }

    string InternalMetadataPath { get; }
}
