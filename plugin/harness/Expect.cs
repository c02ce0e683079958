using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Coax.Harness;

/// <summary>Assertions of checks. They say what was expected and what is.</summary>
internal static class Expect
{
    public static void True([DoesNotReturnIf(false)] bool holds, string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(what);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new CheckFailedException($"{what}: expected {expected}, got {actual}");
        }
    }

    public static T NotNull<T>([NotNull] T? value, string what)
        where T : class => value ?? throw new CheckFailedException($"{what}: is null");

    public static async Task<TException> ThrowsAsync<TException>(Func<Task> act, string what)
        where TException : Exception
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (TException expected)
        {
            return expected;
        }
        catch (Exception other)
        {
            throw new CheckFailedException($"{what}: expected {typeof(TException).Name}, got {other}");
        }

        throw new CheckFailedException($"{what}: expected {typeof(TException).Name}, got none");
    }

    /// <summary>Asks every 20 ms until it is so. Returns after how long.</summary>
    public static async Task<TimeSpan> SoonAsync(Func<Task<bool>> isSo, TimeSpan atMost, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo().ConfigureAwait(false))
        {
            if (clock.Elapsed > atMost)
            {
                throw new CheckFailedException($"{what}: not within {atMost.TotalSeconds:0.#} s");
            }

            await Task.Delay(20).ConfigureAwait(false);
        }

        return clock.Elapsed;
    }

    public static Task<TimeSpan> SoonAsync(Func<bool> isSo, TimeSpan atMost, string what) => SoonAsync(() => Task.FromResult(isSo()), atMost, what);
}
