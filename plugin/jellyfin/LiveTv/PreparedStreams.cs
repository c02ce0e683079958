using System.Collections.Concurrent;
using Jellyfin.Plugin.Coax.Engine;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.LiveTv;

/// <summary>
/// Streams opened before the server asks for them, so that a channel's first viewer gets true codec facts: the server asks for sources
/// first and opens afterwards, holding a lock for all openings. What is not taken soon is closed.
/// </summary>
internal sealed class PreparedStreams(EngineApi api, ILogger<PreparedStreams> logger)
{
    private const int WaitForFactsMs = 3000;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Lazy<Task<OpenedStream>>> prepared = new(StringComparer.Ordinal);

    /// <summary>Opens the channel, waiting for its facts as long as makes sense. One opening serves all who ask meanwhile.</summary>
    public Task<OpenedStream> PrepareAsync(OpenStreamRequest request, CancellationToken cancellationToken)
    {
        Lazy<Task<OpenedStream>>? own = null;
        own = new Lazy<Task<OpenedStream>>(() => OpenAsync(request with { WaitForFactsMs = WaitForFactsMs }, own!));
        return prepared.GetOrAdd(request.ChannelId, own).Value.WaitAsync(cancellationToken);
    }

    /// <summary>Hands a prepared stream over, or null when there is none.</summary>
    public OpenedStream? Take(string channelId) =>
        prepared.TryGetValue(channelId, out var entry) && entry is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } && Remove(channelId, entry)
            ? entry.Value.Result
            : null;

    private async Task<OpenedStream> OpenAsync(OpenStreamRequest request, Lazy<Task<OpenedStream>> entry)
    {
        await Task.Yield();
        try
        {
            var opened = await api.OpenStreamAsync(request, CancellationToken.None);
            _ = ExpireAsync(request.ChannelId, opened.Id, entry);
            return opened;
        }
        catch
        {
            Remove(request.ChannelId, entry);
            throw;
        }
    }

    private async Task ExpireAsync(string channelId, string streamId, Lazy<Task<OpenedStream>> entry)
    {
        try
        {
            await Task.Delay(Kept);
            if (Remove(channelId, entry))
            {
                await api.CloseStreamAsync(streamId, CancellationToken.None);
            }
        }
        catch (Exception error)
        {
            logger.LogDebug(error, "A prepared stream was not closed; the engine forgets it by itself");
        }
    }

    private bool Remove(string channelId, Lazy<Task<OpenedStream>> entry) => prepared.TryRemove(KeyValuePair.Create(channelId, entry));
}
