namespace MediaBrowser.Controller.Entities;

/// <summary>A library item; only its identity is named.</summary>
public abstract class BaseItem
{
    public virtual string? Name { get; set; }

    public Guid Id { get; set; }
}
