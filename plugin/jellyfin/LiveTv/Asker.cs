using System.Security.Claims;
using Jellyfin.Plugin.Coax.Engine;
using MediaBrowser.Controller;
using Microsoft.AspNetCore.Http;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>Who has a channel opened: a device's viewer, or nobody in particular. <paramref name="Purpose"/> is <c>live</c> or <c>recording</c>.</summary>
internal sealed record Asking(EngineViewer? Viewer, string Purpose)
{
    public const string Live = "live";
    public const string Recording = "recording";

    public bool IsRecording => Purpose == Recording;
}

/// <summary>Tells from the request that is being served who asks. Recordings start outside of a request, or inside of one that makes a timer.</summary>
internal sealed class Asker(IServerApplicationHost host, IHttpContextAccessor? accessor = null)
{
    // Jellyfin.Api.Constants.InternalClaimTypes
    private const string DeviceId = "Jellyfin-DeviceId";
    private const string Device = "Jellyfin-Device";
    private const string UserId = "Jellyfin-UserId";

    public Asking Current()
    {
        try
        {
            return accessor?.HttpContext is { } context ? Of(context.User, context.Request.Path.Value, host.SystemId) : new Asking(null, Asking.Recording);
        }
        catch (Exception error) when (error is ObjectDisposedException or InvalidOperationException or NullReferenceException)
        {
            // The request ended while it was looked at.
            return new Asking(null, Asking.Live);
        }
    }

    public static Asking Of(ClaimsPrincipal? user, string? path, string? systemId)
    {
        if (path is not null && path.Contains("Timers", StringComparison.OrdinalIgnoreCase))
        {
            return new Asking(null, Asking.Recording);
        }

        var device = user?.FindFirst(DeviceId)?.Value;
        // An API key without a device goes by the server's own id: any number of programs may share it.
        if (string.IsNullOrEmpty(device) || string.Equals(device, systemId, StringComparison.OrdinalIgnoreCase))
        {
            return new Asking(null, Asking.Live);
        }

        var person = user?.FindFirst(UserId)?.Value ?? string.Empty;
        var name = user?.FindFirst(ClaimTypes.Name)?.Value;
        // Limits of users are set by their names.
        return new Asking(new EngineViewer($"{device}:{person}", LabelOf(name, user?.FindFirst(Device)?.Value), string.IsNullOrWhiteSpace(name) ? null : name), Asking.Live);
    }

    /// <summary>"Anna on Living room TV", or what of it is known.</summary>
    public static string LabelOf(string? name, string? device) =>
        string.IsNullOrWhiteSpace(name) ? (string.IsNullOrWhiteSpace(device) ? "Jellyfin" : device)
        : string.IsNullOrWhiteSpace(device) ? name
        : $"{name} on {device}";
}
