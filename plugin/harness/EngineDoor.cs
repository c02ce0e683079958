using System.Reflection;
using System.Text.Json;

namespace Coax.Harness;

/// <summary>Asks the engine through the plugin's own seam (Engine.IEngine), which knows its address and token. By reflection: the plugin is loaded, not referenced.</summary>
internal sealed class EngineDoor(TestHost host)
{
    private readonly object _engine = host.PluginService("Engine.IEngine");

    /// <summary>Starting, Ready, Restarting, Failed or Stopped.</summary>
    public string Phase => Status("Phase");

    /// <summary>What an admin is told.</summary>
    public string Message => Status("Message");

    public Uri? Address => (Uri?)Property(_engine, "BaseAddress");

    public async Task<JsonElement> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        using var answer = await SendAsync(request).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        return (await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync().ConfigureAwait(false)).ConfigureAwait(false)).RootElement;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        var method = _engine.GetType().GetMethod("SendAsync", [typeof(HttpRequestMessage), typeof(TimeSpan), typeof(CancellationToken)])!;
        return (Task<HttpResponseMessage>)method.Invoke(_engine, [request, TimeSpan.FromSeconds(10), CancellationToken.None])!;
    }

    public Task RestartAsync() => (Task)_engine.GetType().GetMethod("RestartAsync", [typeof(CancellationToken)])!.Invoke(_engine, [CancellationToken.None])!;

    public Task<TimeSpan> PhaseAsync(string phase, TimeSpan atMost) => Expect.SoonAsync(() => Phase == phase, atMost, $"the engine is {phase}");

    private static object? Property(object of, string name) => of.GetType().GetProperty(name, BindingFlags.Instance | BindingFlags.Public)!.GetValue(of);

    private string Status(string name) => Property(Property(_engine, "Status")!, name)?.ToString() ?? string.Empty;
}
