using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coax.Harness;

/// <summary>An engine that runs elsewhere and has a lineup and a guide, as a check wants them. It counts what it is asked.</summary>
internal sealed class GuideEngine : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<string?> _asked = [];

    private GuideEngine(WebApplication app) => _app = app;

    /// <summary>Ids of channels.</summary>
    public IReadOnlyList<string> Channels { get; set; } = ["c1", "c2"];

    /// <summary>The body of the guide, and its revision.</summary>
    public string Guide { get; set; } = Text("c1", Programme("p1"));

    public string Revision { get; set; } = "g1";

    /// <summary>The If-None-Match of each call for the guide, in order; null for calls without one.</summary>
    public IReadOnlyList<string?> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public string Url { get; private set; } = string.Empty;

    public static async Task<GuideEngine> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var engine = new GuideEngine(app);
        app.Run(engine.AnswerAsync);
        await app.StartAsync().ConfigureAwait(false);
        engine.Url = app.Urls.First();
        return engine;
    }

    /// <summary>Settings with which a plugin uses this engine.</summary>
    public Dictionary<string, string> Settings() => new() { ["EngineUrl"] = Url, ["EngineToken"] = "token-of-the-guide-engine" };

    /// <summary>A guide of one channel, whole.</summary>
    public static string Text(string channel, params string[] programmes) =>
        Head() + $$"""{"channelId":"{{channel}}","programmes":[{{string.Join(',', programmes)}}]}""" + "\n" + End(1, programmes.Length);

    public static string Head() => """{"guide":1,"revision":"g1","fromUnix":1795200000,"toUnix":1795800000}""" + "\n";

    public static string End(int channels, int programmes) => string.Create(CultureInfo.InvariantCulture, $$"""{"end":true,"channels":{{channels}},"programmes":{{programmes}}}""") + "\n";

    /// <summary>A programme with these fields beside the necessary ones; <paramref name="more"/> begins with a comma.</summary>
    public static string Programme(string id, long start = 1795300000, string title = "News", string more = "", string etag = "aa") =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{id}}","start":{{start}},"stop":{{start + 1800}},"title":"{{title}}","etag":"{{etag}}"{{more}}}""");

    public async ValueTask DisposeAsync() => await _app.DisposeAsync().ConfigureAwait(false);

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? string.Empty;
        if (path.EndsWith("/health", StringComparison.Ordinal))
        {
            await JsonAsync(context, $$"""{"version":"0.1.0","ready":true,"problems":[],"lineupRevision":"l1","guideRevision":"{{Revision}}","channels":{{Channels.Count}},"sources":1,"streams":0}""").ConfigureAwait(false);
        }
        else if (path.EndsWith("/channels", StringComparison.Ordinal))
        {
            var channels = Channels.Select((id, at) => $$"""{"id":"{{id}}","name":"Channel {{id}}","number":"{{at + 1}}","radio":false,"groups":[],"logo":null,"facts":null}""");
            await JsonAsync(context, $$"""{"revision":"l1","channels":[{{string.Join(',', channels)}}]}""").ConfigureAwait(false);
        }
        else if (path.EndsWith("/programmes", StringComparison.Ordinal))
        {
            var known = context.Request.Headers.IfNoneMatch.FirstOrDefault()?.Trim('"');
            lock (_asked)
            {
                _asked.Add(known);
            }

            context.Response.Headers.ETag = $"\"{Revision}\"";
            if (known == Revision)
            {
                context.Response.StatusCode = 304;
                return;
            }

            context.Response.ContentType = "application/x-ndjson";
            for (var at = 0; at < Guide.Length; at += 65_536)
            {
                await context.Response.WriteAsync(Guide.Substring(at, Math.Min(65_536, Guide.Length - at))).ConfigureAwait(false);
            }
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }

    private static Task JsonAsync(HttpContext context, string body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }
}
