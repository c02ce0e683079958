using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Where an engine answers, and the token for it.</summary>
internal sealed record EngineTarget(Uri Address, string Token);

/// <summary>Sends requests to an engine. Proxy settings don't hold here: they would catch calls to this machine as well.</summary>
internal sealed class EngineConnection : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        // Who leaves a live stream is gone at once, instead of reading on to save the connection.
        MaxResponseDrainSize = 0,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Sends a request with a relative address, and waits for the headers of the answer at most until the deadline.</summary>
    public async Task<HttpResponseMessage> SendAsync(EngineTarget target, HttpRequestMessage request, TimeSpan deadline, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { IsAbsoluteUri: false } relative)
        {
            throw new ArgumentException("The address has to be relative to the engine.", nameof(request));
        }

        request.RequestUri = new Uri(target.Address.AbsoluteUri.TrimEnd('/') + "/" + relative.OriginalString.TrimStart('/'));
        if (target.Token.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", target.Token);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineUnavailableException(EngineMessages.NoAnswer(deadline.TotalSeconds), error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new EngineUnavailableException(EngineMessages.Unreachable(error.Message), error);
        }
    }

    /// <summary>Asks for health. <see cref="EngineUnavailableException"/> without an answer in time, <see cref="EngineProblemException"/> for a refusal.</summary>
    public async Task<EngineHealth> HealthAsync(EngineTarget target, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/host/v1/health", UriKind.Relative));
        using var response = await SendAsync(target, request, deadline, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new EngineProblemException(response.StatusCode, null, $"it answered {(int)response.StatusCode}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            return await response.Content.ReadFromJsonAsync<EngineHealth>(EngineJson.Options, limit.Token)
                ?? throw new EngineUnavailableException(EngineMessages.WrongAnswer);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineUnavailableException(EngineMessages.NoAnswer(deadline.TotalSeconds), error);
        }
        catch (Exception error) when (error is JsonException or HttpRequestException or IOException or NotSupportedException)
        {
            throw new EngineUnavailableException(EngineMessages.WrongAnswer, error);
        }
    }

    /// <inheritdoc />
    public void Dispose() => client.Dispose();
}
