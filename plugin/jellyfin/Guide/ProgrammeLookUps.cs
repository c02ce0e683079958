using System.Collections;
using System.Reflection;
using Jellyfin.Data.Enums;
using Jellyfin.Plugin.Coax.LiveTv;
using MediaBrowser.Controller.Entities;
using MediaBrowser.Controller.Persistence;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// Answers a guide refresh's look-ups of a channel's stored programmes for many channels at a time. The server asks for one channel after the other, and its
/// database walks the programmes of all channels for each (GuideManager.RefreshChannelsInternal: no index has the channel). The answers are the server's own:
/// the same question is put to its library, with more channels in it. Anything but the look-up that follows an answer of this plugin's guide is left alone.
/// </summary>
public sealed class ProgrammeLookUps(ILogger<ProgrammeLookUps> logger)
{
    /// <summary>A guide of two weeks has some 700 programmes a channel; they are held until the server has had them.</summary>
    private const int AtOnce = 25;

    /// <summary>Others may change items, too: what was not asked for within this time is asked anew.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);

    private static readonly PropertyInfo[] Filters = [.. typeof(InternalItemsQuery).GetProperties(BindingFlags.Instance | BindingFlags.Public)
        .Where(property => property is { CanRead: true, CanWrite: true } && property.GetIndexParameters().Length == 0
            && property.Name is not (nameof(InternalItemsQuery.IncludeItemTypes) or nameof(InternalItemsQuery.ChannelIds) or nameof(InternalItemsQuery.DtoOptions)))];

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, List<BaseItem>> held = [];
    private IReadOnlyList<string> order = [];
    private List<Guid> channels = [];
    private bool mapped;
    private bool failed;
    private long askedAt;
    private int expected;

    /// <summary>A refresh begins that will ask for these channels, by the tuner's ids, in this order.</summary>
    public void Begin(IReadOnlyList<string> channelIds)
    {
        lock (gate)
        {
            order = channelIds;
            channels = [];
            mapped = false;
            failed = false;
            held.Clear();
        }
    }

    /// <summary>The guide of a channel was given: the server's look-up of what it has stored follows.</summary>
    public void Expect() => Volatile.Write(ref expected, 1);

    /// <summary>The answer to a look-up; null when this is none, or the server had better ask as it would. Never throws.</summary>
    public IReadOnlyList<BaseItem>? Answer(IItemRepository library, InternalItemsQuery query)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentNullException.ThrowIfNull(query);
        if (query is not { IncludeItemTypes: [BaseItemKind.LiveTvProgram], ChannelIds: [var channel] } || Interlocked.Exchange(ref expected, 0) == 0)
        {
            return null;
        }

        lock (gate)
        {
            try
            {
                return failed || !IsPlain(query) ? null
                    : held.Remove(channel, out var known) && Environment.TickCount64 - askedAt < Freshness.TotalMilliseconds ? known
                    : Ask(library, query, channel);
            }
            catch (Exception error)
            {
                // A channel whose look-up fails would lose its programmes. The server's own way is left to it for the rest of this refresh.
                failed = true;
                held.Clear();
                logger.LogWarning(error, "Programmes could not be looked up for many channels at a time; the server does it one by one");
                return null;
            }
        }
    }

    private List<BaseItem>? Ask(IItemRepository library, InternalItemsQuery query, Guid channel)
    {
        held.Clear();
        if (!mapped)
        {
            // The server has entered all channels before it comes to the first one's programmes.
            mapped = true;
            var entered = library.GetItemList(new InternalItemsQuery { IncludeItemTypes = [BaseItemKind.LiveTvChannel], DtoOptions = query.DtoOptions })
                .Where(item => item.ExternalId is not null)
                .DistinctBy(item => item.ExternalId, StringComparer.Ordinal)
                .ToDictionary(item => item.ExternalId!, item => item.Id, StringComparer.Ordinal);
            channels = [.. order.Where(entered.ContainsKey).Select(id => entered[id])];
        }

        var at = channels.IndexOf(channel);
        if (at < 0)
        {
            return null;
        }

        var asked = channels.GetRange(at, Math.Min(AtOnce, channels.Count - at));
        var found = library.GetItemList(new InternalItemsQuery { IncludeItemTypes = query.IncludeItemTypes, ChannelIds = asked, DtoOptions = query.DtoOptions });
        askedAt = Environment.TickCount64;
        foreach (var one in asked)
        {
            held[one] = [];
        }

        foreach (var item in found)
        {
            if (held.TryGetValue(item.ChannelId, out var programmes))
            {
                programmes.Add(item);
            }
        }

        held.Remove(channel, out var answer);
        return answer;
    }

    private static bool IsPlain(InternalItemsQuery query)
    {
        var plain = new InternalItemsQuery();
        return Array.TrueForAll(Filters, filter => IsSame(filter.GetValue(query), filter.GetValue(plain)));
    }

    private static bool IsSame(object? one, object? other) =>
        Equals(one, other) || (one is IEnumerable some && other is IEnumerable others && !some.Cast<object>().Any() && !others.Cast<object>().Any());
}
