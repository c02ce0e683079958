using MediaBrowser.Controller.Configuration;
using MediaBrowser.Model.LiveTv;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>Finds the tuner that the server's live TV settings have for Coax. Of several the first counts: they would all have the same channels.</summary>
internal sealed class TunerEntry(IServerConfigurationManager configuration, ILogger<TunerEntry> logger)
{
    /// <summary>The type that the server stores.</summary>
    public const string Type = "coax";

    private string? last;

    /// <summary>Its id, or null when there is none. Settings that can not be read change nothing.</summary>
    public string? Find()
    {
        try
        {
            last = (configuration.GetConfiguration("livetv") as LiveTvOptions)?.TunerHosts
                ?.FirstOrDefault(host => string.Equals(host.Type, Type, StringComparison.OrdinalIgnoreCase) && !string.IsNullOrWhiteSpace(host.Id))?.Id;
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The server's live TV settings could not be read");
        }

        return last;
    }
}
