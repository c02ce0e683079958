using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coax.Harness.Checks;

/// <summary>The parts of the engine's supervisor, by themselves.</summary>
internal static class EnginePartChecks
{
    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All() =>
    [
        ("waits between starts begin with 0.2 s, double to 30 s, and begin anew after a minute of health", Sync(WaitsDouble)),
        ("a handshake gives address and token, and what is none is refused without repeating it", Sync(Handshakes)),
        ("lines of any length are read, and what exceeds the limit is dropped", LinesAsync),
        ("a log line becomes level, part and text, whatever it is", Sync(LogLines)),
        ("what the engine said last is kept for the message, errors first", Sync(LastWords)),
        ("a file system that is mounted with noexec is told by its mount point", Sync(NoExec)),
        ("Node's version is read from its answer", Sync(Versions)),
        ("a Node that cannot be started is told with what to do", StartProblemsAsync),
        ("each kind of machine that Node supports has a pinned archive", Sync(PinnedArchives)),
        ("an address of a runtime needs https and a hash", Sync(RuntimeAddresses)),
        ("a runtime is fetched once, checked and unpacked, from tar.gz and zip", FetchesAsync),
        ("a runtime with another hash is thrown away", WrongHashAsync),
        ("the port of the last run is remembered, and a broken file is no port", Sync(Ports)),
        ("changes of the state are told in order, and waiting ends with Ready", StatusAsync),
    ];

    private static Func<CheckContext, Task> Sync(Action check) => _ =>
    {
        check();
        return Task.CompletedTask;
    };

    private static void WaitsDouble()
    {
        var backOff = new BackOff();
        var waits = Enumerable.Range(0, 10).Select(_ => backOff.Next(TimeSpan.Zero).TotalSeconds).ToList();
        Expect.Equal("0.2 0.4 0.8 1.6 3.2 6.4 12.8 25.6 30 30", string.Join(' ', waits), "waits");
        Expect.Equal(30.0, backOff.Next(TimeSpan.FromSeconds(59)).TotalSeconds, "after less than a minute of health");
        Expect.Equal(0.2, backOff.Next(TimeSpan.FromSeconds(60)).TotalSeconds, "after a minute of health");
    }

    private static void Handshakes()
    {
        var read = Handshake.Parse("""{"coax":1,"version":"0.1.0","host":"127.0.0.1","port":34567,"token":"secret","pid":7,"more":true}""");
        Expect.Equal("http://127.0.0.1:34567/", read.Address.AbsoluteUri, "address");
        Expect.Equal("secret", read.Token, "token");
        Expect.Equal("http://[::1]:80/", Handshake.Parse("""{"coax":1,"host":"::1","port":80,"token":"t"}""").Address.AbsoluteUri.Replace("]/", "]:80/", StringComparison.Ordinal), "IPv6");
        foreach (var (line, part) in new[]
        {
            ("Coax 0.1.0 listens on", "no handshake: \"Coax"),
            ("""{"coax":2,"token":"secret"}""", "protocol 2"),
            ("""{"coax":1,"host":"127.0.0.1","port":0,"token":"secret"}""", "no handshake"),
            ("""{"coax":1,"host":"127.0.0.1","port":1}""", "no handshake"),
            ("""{"coax":1,"token":"secret""", "no handshake"),
            (string.Empty, "no handshake"),
        })
        {
            var message = FailureOf(() => Handshake.Parse(line));
            Expect.True(message.Contains(part, StringComparison.Ordinal) && !message.Contains("secret", StringComparison.Ordinal), $"{line}: {message}");
        }
    }

    private static async Task LinesAsync(CheckContext context)
    {
        var text = "one\r\n\n" + new string('x', 50_000) + "\nü" + new string('y', 99) + "\nlast";
        using var lines = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), 100);
        var read = new List<string>();
        while (await lines.ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
        {
            read.Add(line);
        }

        Expect.Equal(5, read.Count, "lines");
        Expect.Equal("one||" + new string('x', 100) + "…|ü" + new string('y', 99) + "|last", string.Join('|', read), "text");
    }

    private static void LogLines()
    {
        foreach (var (line, level, part, text) in new[]
        {
            ("""{"part":"relay","channel":"5","time":"2026","level":"warn","message":"no data","why":"a b"}""", LogLevel.Warning, "relay", "no data channel=5 why=\"a b\""),
            ("""{"level":"error","message":"{x} 100%"}""", LogLevel.Error, string.Empty, "{x} 100%"),
            ("""{"level":"debug","message":"m","n":1,"o":null,"l":[1]}""", LogLevel.Debug, string.Empty, "m n=1 o= l=[1]"),
            ("(node:1) Warning: {", LogLevel.Information, string.Empty, "(node:1) Warning: {"),
            ("""{"level":"error","message":"cut…""", LogLevel.Information, string.Empty, """{"level":"error","message":"cut…"""),
        })
        {
            Expect.Equal((level, part, text), EngineLog.Read(line), line);
        }
    }

    private static void LastWords()
    {
        var log = new EngineLog(NullLoggerFactory.Instance);
        log.Write("""{"level":"info","message":"begin"}""");
        Expect.Equal("begin", log.LastWords, "the first line");
        log.Write("""{"level":"error","message":"the folder is in use"}""");
        log.Write("""{"level":"info","message":"stopped"}""");
        Expect.Equal("the folder is in use", log.LastWords, "the error");
        log.Write("[]");
        log.Write("{\"level\":{},\"message\":[]}");
        log.Write("Error: " + new string('x', 1000));
        Expect.True(log.LastWords.StartsWith("Error: x", StringComparison.Ordinal) && log.LastWords.Length < 400, "a crash, cut");
    }

    private static void NoExec()
    {
        string[] mounts = ["/dev/a / ext4 rw 0 0", "/dev/b /config ext4 rw,noexec,nosuid 0 0", "/dev/c /config/data nfs rw 0 0", "tmpfs /my\\040disk tmpfs rw,noexec 0 0", "broken"];
        Expect.Equal("/config", Mounts.NoExec("/config/node", mounts), "below the mount");
        Expect.Equal(null, Mounts.NoExec("/config/data/node", mounts), "below an inner mount");
        Expect.Equal(null, Mounts.NoExec("/config2/node", mounts), "a sibling");
        Expect.Equal("/my disk", Mounts.NoExec("/my disk/node", mounts), "with a space");
    }

    private static void Versions()
    {
        foreach (var (answer, major) in new[] { ("v24.19.0\n", 24), ("v18.2.0", 18), ("25", 25), ("Python 3.11", 0), (string.Empty, 0), ("v-1.0", 0) })
        {
            Expect.Equal(major, NodeLocator.Major(answer), answer);
        }
    }

    private static async Task StartProblemsAsync(CheckContext context)
    {
        var folder = context.NewFolders().Root;
        if (OperatingSystem.IsWindows())
        {
            throw new CheckSkippedException("files have no modes here");
        }

        foreach (var (name, content, mode, said) in new[]
        {
            ("old", "#!/bin/sh\necho v18.19.0\n", 0b111_101_101, "is version v18.19.0, and 24 or newer is needed"),
            ("denied", "#!/bin/sh\necho v24.0.0\n", 0b110_100_100, "may not be executed"),
            ("foreign", "\0\0\0\0", 0b111_101_101, "is built for another system"),
            ("loader", "#!/no/such/loader\n", 0b111_101_101, "is built for another system"),
            ("other", "#!/bin/sh\necho hello\n", 0b111_101_101, "does not tell its version (hello)"),
        })
        {
            var path = Path.Combine(folder, name);
            await File.WriteAllTextAsync(path, content).ConfigureAwait(false);
            File.SetUnixFileMode(path, (UnixFileMode)mode);
            var message = await ReasonAsync(path, folder).ConfigureAwait(false);
            Expect.True(message.Contains($"{path} {said}", StringComparison.Ordinal), $"{name}: {message}");
        }

        var missing = Path.Combine(folder, "missing");
        Expect.True((await ReasonAsync(missing, folder).ConfigureAwait(false)).Contains($"{missing} does not exist", StringComparison.Ordinal), "missing");
    }

    /// <summary>What the locator says of a configured Node when there is no other: PATH is as it is, so its own Node may be found instead.</summary>
    private static async Task<string> ReasonAsync(string path, string folder)
    {
        var said = new KeepingLogger();
        var locator = new NodeLocator(new NodeFetcher(Path.Combine(folder, "runtime"), said), said);
        try
        {
            _ = await locator.FindAsync(path, "none", null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (EngineFailure failure)
        {
            return failure.Message;
        }

        return string.Join('\n', said.Lines);
    }

    private static void PinnedArchives()
    {
        foreach (var platform in new[] { "linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win-x64", "win-arm64" })
        {
            var archive = Expect.NotNull(NodeArchives.For(platform), platform);
            Expect.Equal($"https://nodejs.org/dist/v{NodeArchives.Version}/node-v{NodeArchives.Version}-{platform}.{(platform.StartsWith("win", StringComparison.Ordinal) ? "zip" : "tar.gz")}", archive.Address.AbsoluteUri, platform);
            Expect.True(archive.Sha256.Length == 64 && archive.Sha256.All(char.IsAsciiHexDigit), platform);
        }

        Expect.True(NodeArchives.For("linux-arm") is null && NodeArchives.For(null) is null, "none for others");
    }

    private static void RuntimeAddresses()
    {
        var hash = new string('a', 64);
        Expect.Equal("https://example.org/n.tar.gz", NodeArchive.Parse($" https://example.org/n.tar.gz#sha256={hash} ").Address.AbsoluteUri, "address");
        foreach (var (text, said) in new[]
        {
            ("https://example.org/n.tar.gz", "#sha256="),
            ($"https://example.org/n.tar.gz#sha256={hash[1..]}", "#sha256="),
            ($"http://example.org/n.tar.gz#sha256={hash}", "https"),
            ($"file:///n.tar.gz#sha256={hash}", "https"),
            ($"https://example.org/n.tar.xz#sha256={hash}", ".tar.gz or a .zip"),
            ("nonsense", "https"),
        })
        {
            Expect.True(FailureOf(() => NodeArchive.Parse(text)).Contains(said, StringComparison.Ordinal), text);
        }
    }

    private static async Task FetchesAsync(CheckContext context)
    {
        foreach (var (name, archive) in new[] { ("node.tar.gz", await TarAsync().ConfigureAwait(false)), ("node.zip", Zip()) })
        {
            var folder = Path.Combine(context.NewFolders().Root, "runtime");
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "left.part"), "x").ConfigureAwait(false);
            using var server = new OneFile(archive);
            var address = $"{server.Address}{name}#sha256={Convert.ToHexString(SHA256.HashData(archive))}";
            var fetcher = new NodeFetcher(folder, NullLogger.Instance);
            var path = await fetcher.GetAsync(address, CancellationToken.None).ConfigureAwait(false);
            Expect.Equal("program", await File.ReadAllTextAsync(path).ConfigureAwait(false), "content");
            Expect.True(OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0, "it may be executed");
            Expect.Equal(path, await fetcher.GetAsync(address, CancellationToken.None).ConfigureAwait(false), "the second time");
            Expect.Equal(1, server.Requests, "requests");
            Expect.Equal(1, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length, "files that are left");
        }
    }

    private static async Task WrongHashAsync(CheckContext context)
    {
        var folder = Path.Combine(context.NewFolders().Root, "runtime");
        using var server = new OneFile(await TarAsync().ConfigureAwait(false));
        var failure = await Expect.ThrowsAsync<EngineFailure>(
            () => new NodeFetcher(folder, NullLogger.Instance).GetAsync($"{server.Address}node.tar.gz#sha256={new string('0', 64)}", CancellationToken.None), "another hash").ConfigureAwait(false);
        Expect.True(failure.Message.Contains("was thrown away", StringComparison.Ordinal), failure.Message);
        Expect.Equal(0, Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length, "files that are left");
        var refused = await Expect.ThrowsAsync<EngineFailure>(
            () => new NodeFetcher(folder, NullLogger.Instance).GetAsync($"http://127.0.0.1:9/node.tar.gz#sha256={new string('0', 64)}", CancellationToken.None), "no server").ConfigureAwait(false);
        Expect.True(refused.Message.StartsWith("Node could not be fetched from 127.0.0.1", StringComparison.Ordinal), refused.Message);
    }

    private static void Ports()
    {
        var folder = Directory.CreateTempSubdirectory("coax-state-").FullName;
        try
        {
            var file = Path.Combine(folder, "state", "engine.json");
            Expect.Equal(0, EngineState.ReadPort(file), "no file");
            EngineState.WritePort(file, 34567);
            Expect.Equal(34567, EngineState.ReadPort(file), "written");
            foreach (var broken in new[] { string.Empty, "{", "[]", "{\"port\":70000}", "{\"port\":\"x\"}" })
            {
                File.WriteAllText(file, broken);
                Expect.Equal(0, EngineState.ReadPort(file), broken);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task StatusAsync(CheckContext context)
    {
        var board = new StatusBoard(NullLogger.Instance);
        using var end = new CancellationTokenSource();
        var told = new List<string>();
        var telling = board.TellAsync(
            status =>
            {
                told.Add(status.Message);
                if (status.Message == "b")
                {
                    throw new InvalidOperationException("a handler's mistake");
                }
            },
            end.Token);
        Expect.True(!await board.WaitUntilReadyAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None).ConfigureAwait(false), "not ready yet");
        var waiting = board.WaitUntilReadyAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        board.Set(EnginePhase.Failed, "a");
        board.Set(EnginePhase.Failed, "a");
        board.Set(EnginePhase.Failed, "b");
        board.Set(EnginePhase.Ready, "c");
        Expect.True(await waiting.ConfigureAwait(false), "ready");
        await Expect.SoonAsync(() => told.Count == 3, TimeSpan.FromSeconds(5), "all are told").ConfigureAwait(false);
        Expect.Equal("a b c", string.Join(' ', told), "order, and no change twice");
        board.Set(EnginePhase.Stopped, "d");
        Expect.True(!await board.WaitUntilReadyAsync(TimeSpan.FromSeconds(20), CancellationToken.None).ConfigureAwait(false), "nothing is waited for after the end");
        await end.CancelAsync().ConfigureAwait(false);
        await telling.ConfigureAwait(false);
    }

    private static string FailureOf(Action act)
    {
        try
        {
            act();
        }
        catch (EngineFailure failure)
        {
            return failure.Message;
        }

        throw new CheckFailedException("there is no failure");
    }

    private static async Task<byte[]> TarAsync()
    {
        using var bytes = new MemoryStream();
        await using (var zipped = new GZipStream(bytes, CompressionMode.Compress, leaveOpen: true))
        await using (var tar = new TarWriter(zipped))
        {
            foreach (var (name, content) in new[] { ("node-v24/share/node", "no"), ("node-v24/bin/" + NodePlatform.Program, "program"), ("node-v24/bin/npm", "no") })
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) }).ConfigureAwait(false);
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Zip()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in new[] { ("node-v24/lib/deep/" + NodePlatform.Program, "no"), ("node-v24/" + NodePlatform.Program, "program") })
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return bytes.ToArray();
    }

    private sealed class KeepingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    /// <summary>A server on this machine that answers every request with the same bytes.</summary>
    private sealed class OneFile : IDisposable
    {
        private readonly HttpListener listener = new();
        private readonly byte[] content;
        private int requests;

        public OneFile(byte[] content)
        {
            this.content = content;
            using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            free.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            free.Stop();
            listener.Prefixes.Add(Address);
            listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Address { get; }

        public int Requests => requests;

        public void Dispose() => listener.Close();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var call = await listener.GetContextAsync().ConfigureAwait(false);
                    Interlocked.Increment(ref requests);
                    await call.Response.OutputStream.WriteAsync(content).ConfigureAwait(false);
                    call.Response.Close();
                }
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
            }
        }
    }
}
