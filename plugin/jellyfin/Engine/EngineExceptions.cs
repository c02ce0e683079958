using System.Net;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>There is no engine, or it does not answer. The message says what to do.</summary>
public sealed class EngineUnavailableException : Exception
{
    /// <summary>Without a message.</summary>
    public EngineUnavailableException()
    {
    }

    /// <summary>With what to do.</summary>
    public EngineUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With what to do and the cause.</summary>
    public EngineUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The engine answered with a problem (RFC 9457).</summary>
public sealed class EngineProblemException : Exception
{
    /// <summary>Without a message.</summary>
    public EngineProblemException()
    {
    }

    /// <summary>With the problem's text.</summary>
    public EngineProblemException(string message)
        : base(message)
    {
    }

    /// <summary>With the problem's text and the cause.</summary>
    public EngineProblemException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>With the problem's status, code and text.</summary>
    public EngineProblemException(HttpStatusCode status, string? code, string message)
        : base(message)
    {
        Status = status;
        Code = code;
    }

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>The engine's code, such as <c>NOT_FOUND</c>.</summary>
    public string? Code { get; }
}
