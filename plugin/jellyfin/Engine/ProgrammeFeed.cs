namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>The guide while it is read: lines of JSON (<see cref="GuideHeader"/>, <see cref="ChannelProgrammes"/>…, <see cref="GuideEnd"/>). Dispose it to end the call.</summary>
public sealed class ProgrammeFeed : IAsyncDisposable
{
    private readonly HttpResponseMessage response;

    internal ProgrammeFeed(HttpResponseMessage response, Stream lines, string? revision)
    {
        this.response = response;
        Lines = lines;
        Revision = revision;
    }

    /// <summary>The lines, decompressed.</summary>
    public Stream Lines { get; }

    /// <summary>The revision from the answer's ETag, without quotes.</summary>
    public string? Revision { get; }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Lines.DisposeAsync();
        response.Dispose();
    }
}
