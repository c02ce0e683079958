using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Coax.Harness.Checks;

/// <summary>The option of the server's database that the settings page offers.</summary>
internal static class DatabaseChecks
{
    private const string Plain = """
        <?xml version="1.0" encoding="utf-8"?>
        <DatabaseConfigurationOptions xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
          <DatabaseType>Jellyfin-SQLite</DatabaseType>
          <LockingBehavior>Optimistic</LockingBehavior>
        </DatabaseConfigurationOptions>
        """;

    private const string Other = """
        <?xml version="1.0" encoding="utf-8"?>
        <DatabaseConfigurationOptions xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
          <DatabaseType>Jellyfin-SQLite</DatabaseType>
          <CustomProviderOptions><PluginName>kept</PluginName><Options>
            <CustomDatabaseOption><Key>command-timeout</Key><Value>90</Value></CustomDatabaseOption>
          </Options></CustomProviderOptions>
          <LockingBehavior>NoLock</LockingBehavior>
        </DatabaseConfigurationOptions>
        """;

    /// <summary>An engine elsewhere that is not there: none is started.</summary>
    private static readonly Dictionary<string, string> NoEngine = new() { ["EngineUrl"] = "http://127.0.0.1:9", ["EngineToken"] = "none" };

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("the option that makes guide refreshes cheaper is set by a click alone, waits for a restart, and can be undone", async context =>
        {
            await using var server = await Server.StartAsync(context, Plain).ConfigureAwait(false);
            var before = await server.AskAsync().ConfigureAwait(false);
            Expect.Equal("supported, off, no restart", before.Told, "state at first");
            Expect.Equal(Plain, server.Text, "the file, looked at only");
            var on = await server.SetAsync(true).ConfigureAwait(false);
            Expect.Equal("supported, on, restart", on.Told, "state after the click");
            Expect.True(server.Text.Contains(on.Option.Split('=')[0], StringComparison.Ordinal), $"{on.Option} is in the file:\n{server.Text}");
            Expect.True(server.Text.Contains("<LockingBehavior>Optimistic</LockingBehavior>", StringComparison.Ordinal), "the rest is as it was");
            Expect.Equal(Plain, await File.ReadAllTextAsync(server.Path + ".before-coax").ConfigureAwait(false), "the file as it was");
            var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(server.Path);
            Expect.True(OperatingSystem.IsWindows() || mode == (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead), $"access rights {mode}");
            var written = server.Text;
            _ = await server.SetAsync(true).ConfigureAwait(false);
            Expect.Equal(written, server.Text, "a second click changes nothing");
            var off = await server.SetAsync(false).ConfigureAwait(false);
            Expect.Equal("supported, off, no restart", off.Told, "state after undoing");
            Expect.Equal(Plain, System.Text.Encoding.UTF8.GetString(await File.ReadAllBytesAsync(server.Path).ConfigureAwait(false)), "the file after undoing, byte for byte");
            Expect.Equal("database.xml, database.xml.before-coax", string.Join(", ", Directory.GetFiles(server.Folder, "database*").Select(Path.GetFileName).Order()), "files");
        });

        yield return ("after a restart the option is in effect, and undoing it waits for the next one", async context =>
        {
            var folders = context.NewFolders(NoEngine);
            await using (var first = await Server.StartAsync(context, Plain, folders).ConfigureAwait(false))
            {
                _ = await first.SetAsync(true).ConfigureAwait(false);
            }

            await using var second = await Server.StartAsync(context, null, folders).ConfigureAwait(false);
            Expect.Equal("supported, on, no restart", (await second.AskAsync().ConfigureAwait(false)).Told, "after the restart");
            Expect.Equal("supported, off, restart", (await second.SetAsync(false).ConfigureAwait(false)).Told, "undone");
        });

        yield return ("options of the administrator's own are kept, and a value of his own is never replaced or removed", async context =>
        {
            await using var server = await Server.StartAsync(context, Other).ConfigureAwait(false);
            var option = (await server.SetAsync(true).ConfigureAwait(false)).Option;
            Expect.True(server.Text.Contains("command-timeout", StringComparison.Ordinal) && server.Text.Contains("<PluginName>kept</PluginName>", StringComparison.Ordinal), server.Text);
            _ = await server.SetAsync(false).ConfigureAwait(false);
            Expect.True(server.Text.Contains("command-timeout", StringComparison.Ordinal) && !server.Text.Contains(option.Split('=')[0], StringComparison.Ordinal), server.Text);
            var own = Other.Replace("command-timeout", option.Split('=')[0], StringComparison.Ordinal);
            await File.WriteAllTextAsync(server.Path, own).ConfigureAwait(false);
            var state = await server.SetAsync(true).ConfigureAwait(false);
            Expect.True(state.Message?.Contains("=90", StringComparison.Ordinal) == true, state.Message ?? "no message");
            _ = await server.SetAsync(false).ConfigureAwait(false);
            Expect.Equal(own, server.Text, "the file");
        });

        yield return ("a server with another database, or with settings that cannot be read or written, is told so and left alone", async context =>
        {
            foreach (var (text, told) in new[]
            {
                (Plain.Replace("Jellyfin-SQLite", "PLUGIN_PROVIDER", StringComparison.Ordinal), "PLUGIN_PROVIDER"),
                ("<Database", "cannot be read"),
                ("<Something/>", "is not what"),
                ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><DatabaseConfigurationOptions><DatabaseType>&b;</DatabaseType></DatabaseConfigurationOptions>", "cannot be read"),
                (null, "keeps no"),
            })
            {
                await using var server = await Server.StartAsync(context, text).ConfigureAwait(false);
                var state = await server.AskAsync().ConfigureAwait(false);
                Expect.True(!state.Supported && state.Message?.Contains(told, StringComparison.Ordinal) == true, $"{text}: {state.Message}");
                using var answer = await server.ChangeAsync(true).ConfigureAwait(false);
                Expect.Equal(HttpStatusCode.Conflict, answer.StatusCode, "status");
                Expect.True(text is null ? !File.Exists(server.Path) : server.Text == text, "the file is as it was");
            }
        });
    }

    private sealed record State(bool Supported, bool On, bool Ours, bool NeedsRestart, string Option, string? Message)
    {
        public string Told => $"{(Supported ? "supported" : "unsupported")}, {(On ? "on" : "off")}, {(NeedsRestart ? "restart" : "no restart")}";
    }

    /// <summary>A host whose configuration folder has this database.xml, and an administrator's client.</summary>
    private sealed class Server(TestHost host, HttpClient client, string folder) : IAsyncDisposable
    {
        private static readonly Uri Database = new("Coax/Database", UriKind.Relative);

        public string Folder => folder;

        public string Path => System.IO.Path.Combine(folder, "database.xml");

        public string Text => File.ReadAllText(Path);

        public static async Task<Server> StartAsync(CheckContext context, string? text, HostFolders? folders = null)
        {
            folders ??= context.NewFolders(NoEngine);
            var folder = Directory.CreateDirectory(folders.ConfigurationDirectoryPath).FullName;
            if (text is not null)
            {
                var path = System.IO.Path.Combine(folder, "database.xml");
                await File.WriteAllTextAsync(path, text).ConfigureAwait(false);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
                }
            }

            var host = await context.StartHostAsync(folders).ConfigureAwait(false);
            var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Address };
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "MediaBrowser Token=\"admin\"");
            return new Server(host, client, folder);
        }

        public async Task<State> AskAsync() => Expect.NotNull(await client.GetFromJsonAsync<State>(Database, JsonSerializerOptions.Default).ConfigureAwait(false), "state");

        public Task<HttpResponseMessage> ChangeAsync(bool on) => on ? client.PutAsync(Database, null) : client.DeleteAsync(Database);

        public async Task<State> SetAsync(bool on)
        {
            using var answer = await ChangeAsync(on).ConfigureAwait(false);
            answer.EnsureSuccessStatusCode();
            return Expect.NotNull(await answer.Content.ReadFromJsonAsync<State>(JsonSerializerOptions.Default).ConfigureAwait(false), "state");
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }
}
