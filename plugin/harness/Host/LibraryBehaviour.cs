using Jellyfin.Data.Enums;
using MediaBrowser.Controller.Entities;

namespace Coax.Harness;

/// <summary>Something that the host has stored.</summary>
internal sealed class StoredItem : BaseItem
{
    public BaseItemKind Kind { get; init; }
}

/// <summary>Stands behind IItemRepository: what is stored, and what was asked.</summary>
internal sealed class LibraryBehaviour
{
    private readonly List<InternalItemsQuery> _asked = [];

    public List<StoredItem> Items { get; } = [];

    /// <summary>All questions, in order.</summary>
    public IReadOnlyList<InternalItemsQuery> Asked => _asked;

    /// <summary>With what the next questions fail.</summary>
    public Queue<Exception> Failures { get; } = new();

    public IReadOnlyList<BaseItem> GetItemList(InternalItemsQuery filter)
    {
        _asked.Add(filter);
        if (Failures.TryDequeue(out var failure))
        {
            throw failure;
        }

        return [.. Items.Where(item => filter.IncludeItemTypes.Contains(item.Kind) && (filter.ChannelIds.Count == 0 || filter.ChannelIds.Contains(item.ChannelId)))];
    }
}
