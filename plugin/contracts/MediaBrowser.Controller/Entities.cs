using Jellyfin.Data.Enums;
using MediaBrowser.Controller.Dto;

namespace MediaBrowser.Controller.Entities
{
    /// <summary>A library item; only what tells which it is has a name here.</summary>
    public abstract class BaseItem
    {
        public virtual string? Name { get; set; }

        public Guid Id { get; set; }

        public Guid ChannelId { get; set; }

        public string? ExternalId { get; set; }
    }

    /// <summary>A question to the library.</summary>
    public class InternalItemsQuery
    {
        public BaseItemKind[] IncludeItemTypes { get; set; } = [];

        public IReadOnlyList<Guid> ChannelIds { get; set; } = [];

        public DtoOptions? DtoOptions { get; set; }

        public int? Limit { get; set; }

        public Guid ParentId { get; set; }

        public BaseItem? Parent
        {
            set => ParentId = value?.Id ?? Guid.Empty;
        }
    }
}

namespace MediaBrowser.Controller.Dto
{
    /// <summary>How much of an item is wanted.</summary>
    public class DtoOptions
    {
    }
}
