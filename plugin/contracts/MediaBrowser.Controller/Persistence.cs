using MediaBrowser.Controller.Entities;

namespace MediaBrowser.Controller.Persistence;

/// <summary>The host's library, as its database has it.</summary>
public interface IItemRepository
{
    IReadOnlyList<BaseItem> GetItemList(InternalItemsQuery filter);
}
