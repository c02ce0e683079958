using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>
/// Typed calls to the engine. Each throws <see cref="EngineUnavailableException"/> when there is no engine,
/// <see cref="EngineProblemException"/> when it refuses, and has a deadline of its own.
/// </summary>
public sealed class EngineApi(IEngine engine)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>The lineup of an output (null: the first), or null when it is still the known revision.</summary>
    public async Task<EngineLineup?> GetChannelsAsync(string? output, string? knownRevision, CancellationToken cancellationToken)
    {
        using var request = Get(WithOutput("/host/v1/channels", output), knownRevision);
        using var response = await engine.SendAsync(request, Usual, cancellationToken);
        return response.StatusCode == HttpStatusCode.NotModified ? null : await ReadAsync<EngineLineup>(response, Long, cancellationToken);
    }

    /// <summary>The guide of an output (null: the first), or null when it is still the known revision. The caller disposes it.</summary>
    public async Task<ProgrammeFeed?> OpenProgrammesAsync(string? output, string? knownRevision, CancellationToken cancellationToken)
    {
        using var request = Get(WithOutput("/host/v1/programmes", output), knownRevision);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        var response = await engine.SendAsync(request, Long, cancellationToken);
        try
        {
            if (response.StatusCode == HttpStatusCode.NotModified)
            {
                response.Dispose();
                return null;
            }

            await ThrowIfRefusedAsync(response, Usual, cancellationToken);
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var lines = response.Content.Headers.ContentEncoding.Contains("gzip") ? new GZipStream(body, CompressionMode.Decompress) : body;
            return new ProgrammeFeed(response, lines, response.Headers.ETag?.Tag.Trim('"'));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Opens a channel; the relay starts behind it. Answers within the wait for facts and a short deadline.</summary>
    public async Task<OpenedStream> OpenStreamAsync(OpenStreamRequest open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(open);
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative("/host/v1/streams")) { Content = Body(open) };
        using var response = await engine.SendAsync(request, Short + TimeSpan.FromMilliseconds(open.WaitForFactsMs ?? 0), cancellationToken);
        return await ReadAsync<OpenedStream>(response, Short, cancellationToken);
    }

    /// <summary>A device has come back to a stream that it never closed, and leaves its others.</summary>
    public async Task ResumeStreamAsync(string id, IReadOnlyList<string> replaces, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative($"/host/v1/streams/{Uri.EscapeDataString(id)}/resume")) { Content = Body(new StreamResume(replaces)) };
        using var response = await engine.SendAsync(request, Short, cancellationToken);
        await ThrowIfRefusedAsync(response, Short, cancellationToken);
    }

    /// <summary>Closes a stream; also when it is unknown. Readers that are still attached are served on.</summary>
    public async Task CloseStreamAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative("/host/v1/streams/" + Uri.EscapeDataString(id)));
        using var response = await engine.SendAsync(request, Short, cancellationToken);
        await ThrowIfRefusedAsync(response, Short, cancellationToken);
    }

    /// <summary>The streams that are open.</summary>
    public async Task<IReadOnlyList<EngineStream>> ListStreamsAsync(CancellationToken cancellationToken)
    {
        using var request = Get("/host/v1/streams");
        using var response = await engine.SendAsync(request, Short, cancellationToken);
        return (await ReadAsync<EngineStreams>(response, Short, cancellationToken)).Streams ?? [];
    }

    /// <summary>Tells who watches which stream.</summary>
    public async Task PutViewersAsync(IReadOnlyList<StreamViewers> viewers, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Relative("/host/v1/viewers")) { Content = Body(new ViewersUpdate(viewers)) };
        using var response = await engine.SendAsync(request, Short, cancellationToken);
        await ThrowIfRefusedAsync(response, Short, cancellationToken);
    }

    /// <summary>Health, from the engine's memory.</summary>
    public async Task<EngineHealth> GetHealthAsync(CancellationToken cancellationToken)
    {
        using var request = Get("/host/v1/health");
        using var response = await engine.SendAsync(request, Short, cancellationToken);
        return await ReadAsync<EngineHealth>(response, Short, cancellationToken);
    }

    /// <summary>The engine's sources.</summary>
    public async Task<IReadOnlyList<EngineSource>> GetSourcesAsync(CancellationToken cancellationToken)
    {
        using var request = Get("/api/v1/sources");
        using var response = await engine.SendAsync(request, Usual, cancellationToken);
        return await ReadAsync<IReadOnlyList<EngineSource>>(response, Usual, cancellationToken);
    }

    /// <summary>Starts a refresh of a source, or of its guide only; gives the job's id.</summary>
    public async Task<string> RefreshSourceAsync(string sourceId, bool guideOnly, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/sources/{Uri.EscapeDataString(sourceId)}/refresh{(guideOnly ? "?parts=guide" : string.Empty)}";
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative(path));
        using var response = await engine.SendAsync(request, Usual, cancellationToken);
        return (await ReadAsync<JobReference>(response, Usual, cancellationToken)).JobId;
    }

    /// <summary>How far a job is.</summary>
    public async Task<EngineJob> GetJobAsync(string jobId, CancellationToken cancellationToken)
    {
        using var request = Get("/api/v1/jobs/" + Uri.EscapeDataString(jobId));
        using var response = await engine.SendAsync(request, Usual, cancellationToken);
        return await ReadAsync<EngineJob>(response, Usual, cancellationToken);
    }

    /// <summary>Cancels a job; <see cref="EngineProblemException"/> when it has ended.</summary>
    public async Task CancelJobAsync(string jobId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative("/api/v1/jobs/" + Uri.EscapeDataString(jobId)));
        using var response = await engine.SendAsync(request, Usual, cancellationToken);
        await ThrowIfRefusedAsync(response, Usual, cancellationToken);
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    private static JsonContent Body<T>(T value) => JsonContent.Create(value, options: EngineJson.Options);

    private static string WithOutput(string path, string? output) =>
        string.IsNullOrEmpty(output) ? path : $"{path}?output={Uri.EscapeDataString(output)}";

    private static HttpRequestMessage Get(string path, string? knownRevision = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Relative(path));
        if (!string.IsNullOrEmpty(knownRevision))
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", $"\"{knownRevision}\"");
        }

        return request;
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await ThrowIfRefusedAsync(response, deadline, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(EngineJson.Options, limit.Token)
                ?? throw new EngineUnavailableException(EngineMessages.WrongAnswer);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or IOException or HttpRequestException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new EngineUnavailableException(EngineMessages.WrongAnswer, error);
        }
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, TimeSpan deadline, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        EngineProblem? problem = null;
        try
        {
            problem = await response.Content.ReadFromJsonAsync<EngineProblem>(EngineJson.Options, limit.Token);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // An answer that is no problem document: its status says all there is.
        }

        throw new EngineProblemException(
            response.StatusCode,
            problem?.Code,
            problem?.Detail ?? problem?.Title ?? $"The engine answered {(int)response.StatusCode}.");
    }
}
