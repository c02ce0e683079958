namespace Jellyfin.Plugin.Coax.Tasks;

/// <summary>Sources could not be refreshed; the message names them and says why.</summary>
public sealed class SourceRefreshException : Exception
{
    /// <summary>Without a message.</summary>
    public SourceRefreshException()
    {
    }

    /// <summary>With the sources and their reasons.</summary>
    public SourceRefreshException(string message)
        : base(message)
    {
    }

    /// <summary>With the sources, their reasons and the cause.</summary>
    public SourceRefreshException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
