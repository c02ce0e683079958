using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>
/// Finds, starts, watches and ends the engine, or watches one that runs elsewhere. One loop owns all of that;
/// it never ends before the server does, and nothing of it reaches the server as an exception.
/// </summary>
public sealed class EngineSupervisor : IHostedService, IEngine, IDisposable
{
    /// <summary>Names another engine program than the plugin's own. For tests and development.</summary>
    public const string ProgramVariable = "COAX_ENGINE";

    private const int MissesAllowed = 3;

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LoadingPeriod = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HealthDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LittlePatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(8);

    private readonly CoaxFolders folders;
    private readonly ILogger<EngineSupervisor> logger;
    private readonly ILoggerFactory loggerFactory;
    private readonly StatusBoard board;
    private readonly EngineConnection connection = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();

    private Task loop = Task.CompletedTask;
    private CancellationTokenSource? run;
    private volatile EngineTarget? target;
    private volatile EngineProcess? child;
    private NodeRuntime? lastRuntime;
    private bool ended;

    /// <summary>Only remembers.</summary>
    public EngineSupervisor(CoaxFolders folders, ILoggerFactory loggerFactory)
    {
        this.folders = folders;
        this.loggerFactory = loggerFactory;
        logger = loggerFactory.CreateLogger<EngineSupervisor>();
        board = new StatusBoard(logger);
    }

    /// <inheritdoc />
    public event EventHandler<EngineStatus>? StatusChanged;

    /// <inheritdoc />
    public EngineStatus Status => board.Current;

    /// <inheritdoc />
    public Uri? BaseAddress => target?.Address;

    private static PluginConfiguration Settings => Plugin.Instance?.Configuration ?? new PluginConfiguration();

    /// <inheritdoc />
    public Task<bool> WaitUntilReadyAsync(TimeSpan atMost, CancellationToken cancellationToken) => board.WaitUntilReadyAsync(atMost, cancellationToken);

    /// <inheritdoc />
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return target is { } known
            ? connection.SendAsync(known, request, deadline, cancellationToken)
            : Task.FromException<HttpResponseMessage>(new EngineUnavailableException(Status.Message));
    }

    /// <inheritdoc />
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var before = child;
        lock (gate)
        {
            run?.Cancel();
        }

        if (before is not null)
        {
            await before.Exited.WaitAsync(StopLimit, cancellationToken);
        }
    }

    /// <summary>Ends the engine for good; at most 8 s. Never throws, and may be called more than once.</summary>
    public async Task EndAsync()
    {
        lock (gate)
        {
            ended = true;
        }

        try
        {
            await stopping.CancelAsync();
            await Task.WhenAny(loop, Task.Delay(StopLimit));
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The engine was not ended in order");
        }

        child?.Kill();
        board.Set(EnginePhase.Stopped, EngineMessages.Stopped);
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (!ended && loop.IsCompleted)
            {
                var token = stopping.Token;
                loop = Task.Run(() => SuperviseAsync(token), CancellationToken.None);
                _ = Task.Run(() => board.TellAsync(status => StatusChanged?.Invoke(this, status), token), CancellationToken.None);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => EndAsync();

    /// <summary>Kills what is left. The server disposes each registration of this object, so this comes several times.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
        }

        try
        {
            stopping.Cancel();
        }
        catch (AggregateException error)
        {
            logger.LogWarning(error, "The engine was not ended in order");
        }

        child?.Kill();
        connection.Dispose();
    }

    private async Task SuperviseAsync(CancellationToken stop)
    {
        var backOff = new BackOff();
        while (!stop.IsCancellationRequested)
        {
            using var current = CancellationTokenSource.CreateLinkedTokenSource(stop);
            lock (gate)
            {
                run = current;
            }

            var health = new Stopwatch();
            var wait = TimeSpan.Zero;
            try
            {
                var settings = Settings;
                var end = string.IsNullOrWhiteSpace(settings.EngineUrl)
                    ? await RunOwnAsync(settings, health, current.Token)
                    : await WatchRemoteAsync(settings, health, current.Token);
                board.Set(EnginePhase.Restarting, end);
                wait = backOff.Next(health.Elapsed);
            }
            catch (OperationCanceledException) when (current.IsCancellationRequested)
            {
                backOff.Reset();
                lastRuntime = null;
                if (!stop.IsCancellationRequested)
                {
                    board.Set(EnginePhase.Restarting, EngineMessages.RestartAsked);
                }
            }
            catch (EngineFailure failure)
            {
                lastRuntime = null;
                board.Set(EnginePhase.Failed, failure.Message);
                wait = backOff.Next(health.Elapsed);
                wait = failure.RetryAfter > wait ? failure.RetryAfter : wait;
            }
            catch (Exception error)
            {
                lastRuntime = null;
                logger.LogError(error, "The engine could not be started");
                board.Set(EnginePhase.Failed, EngineMessages.Unexpected(error.Message));
                wait = backOff.Next(health.Elapsed);
            }

            // A change of the settings ends the wait as well.
            await Task.Delay(wait, current.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (gate)
            {
                run = null;
            }
        }

        target = null;
        board.Set(EnginePhase.Stopped, EngineMessages.Stopped);
    }

    /// <summary>Runs the plugin's own engine until it ends; gives the message that tells how.</summary>
    private async Task<string> RunOwnAsync(PluginConfiguration settings, Stopwatch health, CancellationToken cancellationToken)
    {
        var program = ProgramFile();
        PrepareFolders();
        var locator = new NodeLocator(new NodeFetcher(folders.Runtime, logger), logger);
        var node = lastRuntime is { } known && File.Exists(known.Path)
            ? known
            : await locator.FindAsync(settings.NodePath, settings.RuntimeUrl, CoaxFolders.Plugin, cancellationToken);
        lastRuntime = node;

        var port = settings.EnginePort is > 0 and < 65536 ? settings.EnginePort : EngineState.ReadPort(folders.EngineState);
        var log = new EngineLog(loggerFactory);
        await using var process = EngineProcess.Start(node.Path, Arguments(program, port), Environment(), log);
        child = process;
        try
        {
            var handshake = await process.HandshakeAsync(HandshakeLimit, cancellationToken);
            logger.LogInformation("Engine {Version:l}, process {Pid}, listens on port {Port} (Node {Node:l}, {Where:l})", handshake.Version, process.Id, handshake.Port, node.Version, node.Where);
            if (handshake.Port != settings.EnginePort && settings.EnginePort > 0)
            {
                logger.LogWarning("{Message:l}", EngineMessages.OtherPort(settings.EnginePort, handshake.Port));
            }

            EngineState.WritePort(folders.EngineState, handshake.Port);
            target = new EngineTarget(handshake.Address, handshake.Token);
            return await WatchAsync(process.Exited, $"Node {node.Version}, {node.Where}", health, cancellationToken);
        }
        finally
        {
            health.Stop();
            if (cancellationToken.IsCancellationRequested && !stopping.IsCancellationRequested)
            {
                // Before it is refused: nobody is to be told that an engine which is ending runs.
                board.Set(EnginePhase.Restarting, EngineMessages.RestartAsked);
            }

            target = null;
            // An engine that is told to end gets time for it; one that failed or hangs does not.
            await process.EndAsync(cancellationToken.IsCancellationRequested ? Patience : LittlePatience);
            child = null;
        }
    }

    /// <summary>Asks for health until the engine ends or no longer answers; gives the message that tells which.</summary>
    private async Task<string> WatchAsync(Task<int> exited, string where, Stopwatch health, CancellationToken cancellationToken)
    {
        var misses = 0;
        while (true)
        {
            var asking = AskAsync(where, cancellationToken);
            if (await Task.WhenAny(exited, asking) == exited)
            {
                await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                return EngineMessages.Ended(await exited);
            }

            var answered = await asking;
            misses = answered ? 0 : misses + 1;
            if (misses >= MissesAllowed)
            {
                return EngineMessages.Hung(misses);
            }

            if (answered && !health.IsRunning)
            {
                health.Start();
            }

            await Task.WhenAny(exited, Task.Delay(Status.Phase == EnginePhase.Ready || !answered ? HealthPeriod : LoadingPeriod, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Asks once, and sets the status by the answer. False without an answer.</summary>
    private async Task<bool> AskAsync(string where, CancellationToken cancellationToken)
    {
        if (target is not { } known)
        {
            return false;
        }

        try
        {
            Publish(await connection.HealthAsync(known, HealthDeadline, cancellationToken), where);
            return true;
        }
        catch (Exception error) when (error is EngineUnavailableException or EngineProblemException)
        {
            logger.LogDebug(error, "The engine did not tell its health");
            return false;
        }
    }

    private void Publish(EngineHealth health, string where)
    {
        var message = !health.Ready ? EngineMessages.Loading(health.Version)
            : health.Problems is { Count: > 0 } problems ? EngineMessages.ReadyWithProblems(health.Version, where, problems)
            : EngineMessages.Ready(health.Version, where);
        // An engine that was ready once and loads anew still answers: it is no restart.
        var phase = health.Ready ? EnginePhase.Ready : Status.Phase == EnginePhase.Restarting ? EnginePhase.Restarting : EnginePhase.Starting;
        board.Set(new EngineStatus(phase, message, health.Version, health.LineupRevision, health.GuideRevision));
    }

    /// <summary>Watches an engine that runs elsewhere, until the settings change.</summary>
    private async Task<string> WatchRemoteAsync(PluginConfiguration settings, Stopwatch health, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(settings.EngineUrl.Trim(), UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new EngineFailure(EngineMessages.BadEngineUrl(settings.EngineUrl), TimeSpan.FromMinutes(1));
        }

        var shown = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        target = new EngineTarget(address, settings.EngineToken.Trim());
        try
        {
            while (true)
            {
                try
                {
                    Publish(await connection.HealthAsync(target, HealthDeadline, cancellationToken), shown);
                    health.Start();
                }
                catch (EngineProblemException problem) when (problem.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                {
                    board.Set(EnginePhase.Failed, EngineMessages.RemoteRefuses(shown));
                }
                catch (Exception error) when (error is EngineUnavailableException or EngineProblemException)
                {
                    board.Set(EnginePhase.Failed, EngineMessages.RemoteSilent(shown, error.InnerException?.Message ?? error.Message));
                }

                await Task.Delay(HealthPeriod, cancellationToken);
            }
        }
        finally
        {
            target = null;
        }
    }

    private static string ProgramFile()
    {
        if (System.Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } other)
        {
            return other;
        }

        var folder = CoaxFolders.Plugin ?? throw new EngineFailure(EngineMessages.UnknownPluginFolder);
        var file = Path.Combine(folder, "engine", "engine.mjs");
        return File.Exists(file) ? file : throw new EngineFailure(EngineMessages.ProgramMissing(file));
    }

    private string[] Arguments(string program, int port) =>
    [
        // Keeps the young generation flat; a growing one costs memory and gains nothing measurable.
        "--max-semi-space-size=16",
        program,
        "serve",
        "--handshake",
        "--data",
        folders.Engine,
        "--port",
        port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "--port-fallback",
    ];

    /// <summary>Node keeps the compiled program there: a start takes a quarter less processor time.</summary>
    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal) { ["NODE_COMPILE_CACHE"] = Path.Combine(folders.Cache, "node") };

    private void PrepareFolders()
    {
        foreach (var folder in new[] { folders.Engine, folders.State })
        {
            try
            {
                Directory.CreateDirectory(folder);
                var file = Path.Combine(folder, ".writable");
                File.WriteAllBytes(file, []);
                File.Delete(file);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new EngineFailure(EngineMessages.DataFolder(folder, System.Environment.UserName, error.Message), cause: error);
            }
        }
    }
}
