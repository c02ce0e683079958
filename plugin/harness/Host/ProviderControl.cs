using System.Net.Http.Json;
using System.Text.Json;

namespace Coax.Harness;

/// <summary>The back door of the fake provider: what it counts, by its own sockets, and how it behaves.</summary>
internal sealed class ProviderControl(string address) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Sums over all logins: `open`, `counted`, `peak`, `opened`, `refused`, `overlaps`, ….</summary>
    public Task<JsonElement> StateAsync() => _client.GetFromJsonAsync<JsonElement>("/state?brief");

    public async Task<int> CountedAsync() => (await StateAsync().ConfigureAwait(false)).GetProperty("counted").GetInt32();

    /// <summary>The whole state: `requests` and `paths` too.</summary>
    public Task<JsonElement> RequestsAsync() => _client.GetFromJsonAsync<JsonElement>("/state");

    public Task<JsonElement> SettingsAsync() => _client.GetFromJsonAsync<JsonElement>("/settings");

    /// <summary>A patch of the settings, as JSON.</summary>
    public async Task PatchAsync(string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _client.PatchAsync(new Uri("/settings", UriKind.Relative), content).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    public async Task ResetAsync()
    {
        using var answer = await _client.PostAsync(new Uri("/reset", UriKind.Relative), null).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    public Task<TimeSpan> QuietAsync(TimeSpan atMost) =>
        Expect.SoonAsync(async () => await CountedAsync().ConfigureAwait(false) == 0, atMost, "the provider counts no connection");

    public void Dispose() => _client.Dispose();
}
