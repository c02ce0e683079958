using System.Net;
using System.Net.Http.Headers;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Jellyfin.Plugin.Coax.Api;

/// <summary>Hands a request of the settings page to the engine's admin API, and the answer back, byte for byte.</summary>
public sealed class AdminForwarder(IEngine engine)
{
    /// <summary>As much as the engine takes itself.</summary>
    private const long MostBody = 1024 * 1024;

    /// <summary>A login test may ask a slow provider.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(100);

    private static readonly string[] Sent = ["Accept", "If-None-Match", "Last-Event-ID"];

    private static readonly string[] Returned = ["Retry-After", "ETag", "Allow", "Cache-Control", "X-Coax-Reason", "Content-Disposition"];

    /// <summary>
    /// Forwards to <c>/api/v1/{path}</c>. An engine that is not there is answered with 503 and its message. A path that would leave the
    /// admin API is answered with 404.
    /// </summary>
    public async Task ForwardAsync(HttpContext context, string path)
    {
        ArgumentNullException.ThrowIfNull(context);
        var target = TargetOf(path, context.Request.QueryString.Value);
        if (target is null)
        {
            await ProblemAsync(context, HttpStatusCode.NotFound, "NOT_FOUND", "There is nothing at this path").ConfigureAwait(false);
            return;
        }

        if (context.Request.ContentLength > MostBody)
        {
            await ProblemAsync(context, HttpStatusCode.RequestEntityTooLarge, "BODY_TOO_LARGE", "The request body is too large").ConfigureAwait(false);
            return;
        }

        using var request = RequestOf(context.Request, target);
        try
        {
            using var answer = await engine.SendAsync(request, Deadline, context.RequestAborted).ConfigureAwait(false);
            await AnswerAsync(context, answer).ConfigureAwait(false);
        }
        catch (EngineUnavailableException error)
        {
            await ProblemAsync(context, HttpStatusCode.ServiceUnavailable, "ENGINE_UNAVAILABLE", error.Message).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException)
        {
            // Half an answer must not look whole.
            context.Abort();
        }
    }

    /// <summary>The engine's relative address, or null for a path that is no plain one below the admin API.</summary>
    public static string? TargetOf(string? path, string? query)
    {
        var segments = (path ?? string.Empty).Split('/');
        var isPlain = segments.Length <= 8 && Array.TrueForAll(segments, segment => segment.Length is > 0 and <= 300 && segment is not ("." or ".."));
        return isPlain ? $"/api/v1/{string.Join('/', segments.Select(Uri.EscapeDataString))}{query}" : null;
    }

    private static HttpRequestMessage RequestOf(HttpRequest from, string target)
    {
        var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri(target, UriKind.Relative));
        foreach (var name in Sent)
        {
            if (from.Headers.TryGetValue(name, out var value))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(from.Body);
            request.Content.Headers.ContentLength = from.ContentLength;
            if (MediaTypeHeaderValue.TryParse(from.ContentType, out var type))
            {
                request.Content.Headers.ContentType = type;
            }
        }

        return request;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer)
    {
        var response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        response.ContentType = answer.Content.Headers.ContentType?.ToString();
        foreach (var name in Returned)
        {
            if (answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values))
            {
                response.Headers[name] = values.ToArray();
            }
        }

        // Events are to be seen as they come.
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await answer.Content.CopyToAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task ProblemAsync(HttpContext context, HttpStatusCode status, string code, string detail)
    {
        context.Response.StatusCode = (int)status;
        return context.Response.WriteAsJsonAsync(new { status = (int)status, code, detail }, EngineJson.Options, "application/problem+json", context.RequestAborted);
    }
}
