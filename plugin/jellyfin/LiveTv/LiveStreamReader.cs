using System.Net;
using Jellyfin.Plugin.Coax.Engine;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>
/// The bytes of a live stream, read from the engine and begun with the first read. When the engine goes away they go on in the next one;
/// when none comes in time, reading throws <see cref="IOException"/>, which the server takes as an end (after zero bytes it would ask on
/// for 30 s). Zero bytes are the real end: the server has closed the stream and the engine has no more of it.
/// </summary>
internal sealed class LiveStreamReader : Stream
{
    private const int PacketSize = 188;
    private const byte Stuffing = 0xff;
    private static readonly TimeSpan HeaderDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>The engine sends something as long as it lives, be it null packets; a longer silence is an engine that hangs.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    private readonly CoaxLiveStream live;
    private readonly IEngine engine;
    private readonly Action onDisposed;
    private readonly CancellationToken stopping;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource ended = new();
    private CancellationTokenSource? stop;
    private CancellationToken stopsFor;
    private HttpResponseMessage? response;
    private Stream? body;
    private long connectedAt = long.MinValue / 2;
    private bool hasRead;
    private int inPacket;
    private int padding;
    private volatile bool disposed;

    /// <summary>With <paramref name="stopping"/> it ends: the server waits 30 s for those who still read.</summary>
    public LiveStreamReader(CoaxLiveStream live, IEngine engine, Action onDisposed, CancellationToken stopping)
    {
        this.live = live;
        this.engine = engine;
        this.onDisposed = onDisposed;
        this.stopping = stopping;
    }

    public override bool CanRead => !disposed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }

        var waitsSince = Environment.TickCount64;
        while (true)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            cancellationToken.ThrowIfCancellationRequested();
            if (stopping.IsCancellationRequested)
            {
                throw new IOException("The server is stopping.");
            }

            if (padding > 0)
            {
                return Pad(buffer.Span);
            }

            var token = TokenFor(cancellationToken);
            int read;
            try
            {
                if (body is null && !await ConnectAsync(waitsSince, token))
                {
                    return 0;
                }

                read = await ReadBodyAsync(buffer, token, cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The server stops, or this was disposed.
                continue;
            }

            if (read > 0)
            {
                inPacket = (inPacket + read) % PacketSize;
                hasRead = true;
                return read;
            }

            Drop();
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        HttpResponseMessage? open;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            open = response;
            response = null;
        }

        // Ends a read that waits, and with it the connection, so that the engine sees at once that nobody reads.
        ended.Cancel();
        open?.Dispose();
        onDisposed();
        base.Dispose(disposing);
    }

    // Zero: the connection has ended or broken, or was silent for too long.
    private async ValueTask<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken token, CancellationToken cancellationToken)
    {
        try
        {
            stop!.CancelAfter(Silence);
            var read = await body!.ReadAsync(buffer, token);
            stop.CancelAfter(Timeout.InfiniteTimeSpan);
            return read;
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(disposed, this);
            return 0;
        }
    }

    // False at the real end.
    private async Task<bool> ConnectAsync(long waitsSince, CancellationToken token)
    {
        var reason = "the engine ends its connection at once";
        while (!(live.IsClosed && hasRead))
        {
            if (Environment.TickCount64 - waitsSince > live.Patience.TotalMilliseconds)
            {
                throw new IOException($"The channel gives no data: {reason}");
            }

            if (Environment.TickCount64 - connectedAt < RetryDelay.TotalMilliseconds)
            {
                await Task.Delay(RetryDelay, token);
            }

            connectedAt = Environment.TickCount64;
            try
            {
                if (await TryConnectAsync(token) || (live.IsClosed ? false : await TryConnectAsync(token)))
                {
                    return true;
                }

                reason = "the engine does not know its own stream";
                if (live.IsClosed)
                {
                    return false;
                }
            }
            catch (EngineUnavailableException unavailable)
            {
                reason = unavailable.Message;
                await engine.WaitUntilReadyAsync(TimeSpan.FromSeconds(1), token);
            }
            catch (EngineProblemException problem) when (problem.Status == HttpStatusCode.NotFound)
            {
                throw new IOException("The channel is not in Coax's lineup any more.", problem);
            }
            catch (Exception error) when (error is IOException or HttpRequestException or EngineProblemException)
            {
                reason = error.Message;
            }
            catch (ObjectDisposedException) when (!disposed && live.IsClosed)
            {
                return false;
            }
        }

        return false;
    }

    // False: the engine does not know the stream; it has been opened anew unless the server has closed it.
    private async Task<bool> TryConnectAsync(CancellationToken token)
    {
        var opened = live.Current ?? await live.RenewAsync(null, token);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(opened.Path, UriKind.Relative));
        var answer = await engine.SendAsync(request, HeaderDeadline, token);
        try
        {
            if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            {
                answer.Dispose();
                if (!live.IsClosed)
                {
                    await live.RenewAsync(opened.Id, token);
                }

                return false;
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new IOException($"the engine answers with HTTP {(int)answer.StatusCode}");
            }

            var stream = await answer.Content.ReadAsStreamAsync(token);
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                response = answer;
                body = stream;
            }

            return true;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    // Ends the packet that was cut, so that the next connection's packets begin where the reader expects them.
    private int Pad(Span<byte> buffer)
    {
        var count = Math.Min(padding, buffer.Length);
        buffer[..count].Fill(Stuffing);
        padding -= count;
        return count;
    }

    private void Drop()
    {
        HttpResponseMessage? old;
        lock (gate)
        {
            old = response;
            response = null;
            body = null;
        }

        old?.Dispose();
        padding = inPacket == 0 || live.IsClosed ? 0 : PacketSize - inPacket;
        inPacket = 0;
    }

    // One source for all reads that come with the same token, as nearly all do.
    private CancellationToken TokenFor(CancellationToken cancellationToken)
    {
        if (stop is null || stop.IsCancellationRequested || stopsFor != cancellationToken)
        {
            stop?.Dispose();
            stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token, stopping);
            stopsFor = cancellationToken;
        }

        return stop.Token;
    }
}
