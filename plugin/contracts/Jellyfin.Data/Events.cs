namespace Jellyfin.Data.Events;

/// <summary>Event data with one value.</summary>
public class GenericEventArgs<T>(T arg) : EventArgs
{
    public T Argument { get; } = arg;
}
