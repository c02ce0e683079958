using System.Net;
using System.Security.Claims;
using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Common.Configuration;
using MediaBrowser.Controller;
using MediaBrowser.Controller.Configuration;
using MediaBrowser.Model.LiveTv;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coax.Harness;

/// <summary>A tuner host of the plugin's parts, with an engine and a server that do as they are told.</summary>
internal sealed class LiveTvRig : IGuideOrder, IDisposable
{
    private readonly LiveStreamServices _services;
    private readonly HttpContextAccessor _request = new();

    public LiveTvRig(CheckContext context, CoaxFolders? folders = null)
    {
        Folders = folders ?? new CoaxFolders(Fake<IApplicationPaths>.By(context.NewFolders()));
        var api = new EngineApi(Engine);
        var host = Fake<IServerApplicationHost>.By(new Host());
        _services = new LiveStreamServices(Engine, api, Streams, new Asker(host, _request), NullLogger.Instance, Stopping.Token);
        var store = new ChannelStore(Engine, api, new ChannelFile(Folders, NullLogger<ChannelFile>.Instance), NullLogger<ChannelStore>.Instance);
        var configuration = Fake<IServerConfigurationManager>.By(new Settings(Options));
        Tuner = new CoaxTunerHost(
            store, new TunerEntry(configuration, NullLogger<TunerEntry>.Instance), new PreparedStreams(api, NullLogger<PreparedStreams>.Instance), this, _services, host, NullLogger<CoaxTunerHost>.Instance);
    }

    public CoaxFolders Folders { get; }

    public ScriptedEngine Engine { get; } = new();

    public OpenStreams Streams { get; } = new();

    public CancellationTokenSource Stopping { get; } = new();

    public LiveTvOptions Options { get; } = new() { TunerHosts = [new TunerHostInfo { Id = "tuner", Type = "coax" }] };

    public CoaxTunerHost Tuner { get; }

    /// <summary>Takes the channels of a refresh from the last to the first; off by default.</summary>
    public bool LastFirst { get; set; }

    public Task<IReadOnlyList<string>> BeginAsync(IReadOnlyList<string> channelIds, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(LastFirst ? [.. channelIds.Reverse()] : channelIds);

    /// <summary>Makes the calls that follow a device's, or nobody's.</summary>
    public void As(string? device) => _request.HttpContext = device is null ? null : new DefaultHttpContext
    {
        User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("Jellyfin-DeviceId", device)])),
    };

    public async Task<string> ChannelsAsync(bool cached = false) =>
        string.Join(' ', (await Tuner.GetChannels(cached, CancellationToken.None).ConfigureAwait(false)).Select(channel => channel.Id));

    public Task<MediaBrowser.Controller.Library.ILiveStream> OpenAsync(string channel) =>
        Tuner.GetChannelStream(ChannelIds.Of(channel), "x", [], CancellationToken.None);

    public void Dispose()
    {
        foreach (var stream in Streams.All())
        {
            stream.Dispose();
        }

        Stopping.Dispose();
    }

    /// <summary>A server's names, as far as a tuner asks.</summary>
    private sealed class Host
    {
        public string SystemId { get; } = "server";

        public string GetApiUrlForLocalAccess(IPAddress? address, bool allowHttps) => allowHttps ? "https://host" : "http://host:8096/";
    }

    /// <summary>A server's live TV settings.</summary>
    private sealed class Settings(LiveTvOptions options)
    {
        public LiveTvOptions GetConfiguration(string key) => key == "livetv" ? options : throw new FileNotFoundException(key);
    }
}
