using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Coax.Harness;

/// <summary>Thrown by a check that can not be made here; the message says why.</summary>
internal sealed class CheckSkippedException(string reason) : Exception(reason);

/// <summary>Thrown by <see cref="Expect"/>: the sentence is not true.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

internal static class CheckRunner
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Runs one check and writes its line. False when it failed; a check that hangs fails after a minute.</summary>
    public static async Task<bool> RunAsync(Check check, CheckContext context)
    {
        bool? ok = true;
        var message = string.Empty;
        context.Figures.Clear();
        context.MarkLog();
        var clock = Stopwatch.StartNew();
        try
        {
            await Task.Run(() => check.Run(context)).WaitAsync(Longest).ConfigureAwait(false);
        }
        catch (CheckSkippedException skipped)
        {
            ok = null;
            message = skipped.Message;
        }
        catch (Exception error)
        {
            ok = false;
            message = (error is CheckFailedException ? error.Message : error.ToString()) + context.LogSinceMark();
        }

        context.Figures["ms"] = Math.Round(clock.Elapsed.TotalMilliseconds, 1);
        Console.WriteLine(JsonSerializer.Serialize(new { check = check.Name, ok, message, figures = context.Figures }, Json));
        return ok != false;
    }
}
