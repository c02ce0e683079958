using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coax.Harness;

internal sealed record LogLine(DateTime At, LogLevel Level, string Category, string Message, Exception? Error)
{
    public override string ToString() => $"{At:HH:mm:ss.fff} [{Level}] {Category}: {Message}{(Error is null ? string.Empty : $" <- {Error}")}";
}

/// <summary>What the host's logger was told.</summary>
internal sealed class HostLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyList<LogLine> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => new Sink(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Sink(HostLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._lines.Enqueue(new LogLine(DateTime.UtcNow, logLevel, category, formatter(state, exception), exception));
            }
        }
    }
}
