using System.Net;
using System.Text;
using Jellyfin.Plugin.Coax.Engine;

namespace Coax.Harness;

/// <summary>An engine in this process that answers as a check says, and remembers what it was asked: <c>METHOD path body</c>.</summary>
internal sealed class ScriptedEngine : IEngine
{
    private readonly List<string> _asked = [];
    private int _opened;

    public event EventHandler<EngineStatus>? StatusChanged;

    public EngineStatus Status { get; private set; } = new(EnginePhase.Ready, "It runs.", "0.1.0", "l1", "g1");

    public Uri? BaseAddress { get; set; } = new("http://127.0.0.1:9999/");

    /// <summary>Answers a call, or null for the usual answer.</summary>
    public Func<string, string, HttpResponseMessage?> Answer { get; set; } = (_, _) => null;

    /// <summary>What a stream sends, by its id; null: the engine does not know it.</summary>
    public Func<string, Stream?> Media { get; set; } = _ => null;

    /// <summary>Time that each call takes.</summary>
    public TimeSpan Latency { get; set; }

    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public static HttpResponseMessage Json(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Lineup(string revision, params string[] channels) =>
        Json($$"""{"revision":"{{revision}}","channels":[{{string.Join(',', channels.Select(id => $$"""{"id":"{{id}}","name":"Channel {{id}}","number":"1","radio":false,"groups":["News"],"logo":"/o/t/logo/{{id}}","facts":null}"""))}}]}""");

    public static HttpResponseMessage Health(int sources, bool ready = true) =>
        Json($$"""{"version":"0.1.0","ready":{{(ready ? "true" : "false")}},"problems":[],"lineupRevision":"l1","guideRevision":"g1","channels":0,"sources":{{sources}},"streams":0}""");

    public void Become(EnginePhase phase, string message = "It is so.")
    {
        Status = Status with { Phase = phase, Message = message };
        StatusChanged?.Invoke(this, Status);
    }

    public async Task<bool> WaitUntilReadyAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (Status.Phase != EnginePhase.Ready && clock.Elapsed < atMost)
        {
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        }

        return Status.Phase == EnginePhase.Ready;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.OriginalString;
        var body = request.Content is null ? string.Empty : await request.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        lock (_asked)
        {
            _asked.Add($"{request.Method} {path} {body}".TrimEnd());
        }

        if (Latency > deadline)
        {
            await Task.Delay(deadline, cancellationToken).ConfigureAwait(false);
            throw new EngineUnavailableException("The engine does not answer.");
        }

        await Task.Delay(Latency, cancellationToken).ConfigureAwait(false);
        return Status.Phase != EnginePhase.Ready ? throw new EngineUnavailableException(Status.Message)
            : Answer(request.Method.Method, path) is { } answer ? answer
            : path.EndsWith("/resume", StringComparison.Ordinal) ? new HttpResponseMessage(HttpStatusCode.NoContent)
            : request.Method == HttpMethod.Post ? Opened()
            : request.Method == HttpMethod.Delete ? new HttpResponseMessage(HttpStatusCode.NoContent)
            : path.StartsWith("/s/", StringComparison.Ordinal) && Media(path[3..^3]) is { } media ? new HttpResponseMessage { Content = new StreamContent(media) }
            : Json("""{"code":"NOT_FOUND","detail":"There is no such thing"}""", HttpStatusCode.NotFound);
    }

    public Task RestartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private HttpResponseMessage Opened()
    {
        var id = $"s{Interlocked.Increment(ref _opened)}";
        return Json($$"""{"id":"{{id}}","path":"/s/{{id}}.ts","facts":null,"state":"opening"}""", HttpStatusCode.Created);
    }
}

/// <summary>Bytes, and then an end, an error, or nothing more until it is read with a token that is cancelled.</summary>
internal sealed class ScriptedMedia(byte[] bytes, ScriptedMedia.Then then) : Stream
{
    private int _at;

    public enum Then
    {
        End,
        Break,
        Wait,
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == bytes.Length)
        {
            if (then == Then.Break)
            {
                throw new IOException("The connection was reset.");
            }

            if (then == Then.Wait)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            }

            return 0;
        }

        var count = Math.Min(buffer.Length, bytes.Length - _at);
        bytes.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
