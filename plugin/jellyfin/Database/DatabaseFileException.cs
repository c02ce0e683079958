namespace Jellyfin.Plugin.Coax.Database;

/// <summary>The server's database settings cannot be read or changed; the message is for administrators.</summary>
public sealed class DatabaseFileException : Exception
{
    /// <summary>Without a message.</summary>
    public DatabaseFileException()
    {
    }

    /// <summary>With what an administrator is told.</summary>
    public DatabaseFileException(string message)
        : base(message)
    {
    }

    /// <summary>With what an administrator is told, and its cause.</summary>
    public DatabaseFileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
