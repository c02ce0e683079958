using MediaBrowser.Common.Configuration;
using MediaBrowser.Model.Configuration;

namespace MediaBrowser.Controller.Configuration;

/// <summary>The server's settings and folders.</summary>
public interface IServerConfigurationManager : IConfigurationManager
{
    IServerApplicationPaths ApplicationPaths { get; }

    ServerConfiguration Configuration { get; }
}
