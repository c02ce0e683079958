namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>Everything that the plugin tells an administrator about the engine: a fact, and what to do. docs/install.md lists these sentences.</summary>
public static class EngineMessages
{
    /// <summary>The engine has not answered yet.</summary>
    public const string Starting = "The engine is being started.";

    /// <summary>The engine was asked to start again.</summary>
    public const string RestartAsked = "The engine is started again, as was asked.";

    /// <summary>The server ends, or the plugin was removed.</summary>
    public const string Stopped = "The engine was stopped together with the server or the plugin. Restart the server to start it again.";

    /// <summary>An answer that could not be read.</summary>
    public const string WrongAnswer =
        "The engine gave an answer that this plugin does not understand. If it runs elsewhere (EngineUrl), its version has to be the plugin's.";

    /// <summary>The engine's program is not where the plugin was unpacked.</summary>
    public const string UnknownPluginFolder = "The plugin's folder is not known. Install Coax again from the catalog, and restart the server.";

    /// <summary>A runtime can't be fetched for this kind of machine.</summary>
    public const string NoBuild =
        "there is no Node build to fetch for this kind of machine (musl Linux and 32-bit systems have none): install Node 24 with the system's packages";

    /// <summary>The engine answers.</summary>
    public static string Ready(string version, string where) => $"The engine {version} runs ({where}).";

    /// <summary>The engine answers, and has something to say.</summary>
    public static string ReadyWithProblems(string version, string where, IEnumerable<string> problems) =>
        $"{Ready(version, where)} It reports: {string.Join(" ", problems)}";

    /// <summary>The engine answers, but has not loaded its catalogue yet.</summary>
    public static string Loading(string version) => $"The engine {version} has started and is loading its channels.";

    /// <summary>No Node was found. Each reason says what was wrong with one place.</summary>
    public static string NoNode(IEnumerable<string> reasons) =>
        $"No usable Node {NodeLocator.WantedMajor} was found. Install Node {NodeLocator.WantedMajor}, or enter its path as NodePath in the settings of Coax. " +
        $"Looked at: {string.Join("; ", reasons)}.";

    /// <summary>A Node that does not exist.</summary>
    public static string NodeMissing(string path) => $"{path} does not exist";

    /// <summary>A Node that is too old.</summary>
    public static string NodeTooOld(string path, string version) => $"{path} is version {version}, and {NodeLocator.WantedMajor} or newer is needed";

    /// <summary>A Node that did not tell its version.</summary>
    public static string NodeSilent(string path, string why) => $"{path} does not tell its version ({why})";

    /// <summary>A Node that the system does not let run.</summary>
    public static string NodeDenied(string path, string user) =>
        $"{path} may not be executed by the user {user}: allow it (chmod a+rx), or, if its file system is mounted with noexec, install Node elsewhere and enter its path as NodePath";

    /// <summary>A Node on a file system from which nothing is executed.</summary>
    public static string NodeNoExec(string path, string mount) =>
        $"{path} lies on {mount}, which is mounted with noexec: mount it without, or install Node elsewhere and enter its path as NodePath";

    /// <summary>A Node for another kind of machine.</summary>
    public static string NodeForeign(string path) => $"{path} is built for another system or processor: install the Node {NodeLocator.WantedMajor} of this system";

    /// <summary>The engine's program is not there.</summary>
    public static string ProgramMissing(string path) =>
        $"The engine's program {path} is missing. If the plugin was just updated or removed, restart the server; otherwise install Coax again from the catalog.";

    /// <summary>The data folder can't be made or written.</summary>
    public static string DataFolder(string path, string user, string why) =>
        $"The folder {path} cannot be written by the user {user} ({why}). Make it writable for that user; in Docker check the volume's owner and that it is not read-only.";

    /// <summary>The engine ended before its handshake.</summary>
    public static string EndedAtOnce(int exitCode, string lastWords) =>
        $"The engine ended at once (exit code {exitCode}). {(lastWords.Length == 0 ? "The server's log has no line of it." : $"Its last words: {lastWords}")}";

    /// <summary>The engine said nothing.</summary>
    public static string NoHandshake(double seconds) =>
        $"The engine did not report within {seconds:0} s and was ended. The machine may be very busy, or its disk very slow; it is tried again.";

    /// <summary>The first line was no handshake.</summary>
    public static string WrongHandshake(string line) =>
        $"The engine's first line was no handshake: {line} The files of the plugin do not fit together; install Coax again from the catalog.";

    /// <summary>The engine is newer or older than the plugin understands.</summary>
    public static string WrongProtocol(int protocol) =>
        $"The engine speaks protocol {protocol}, and this plugin speaks {Handshake.Protocol}. Install Coax again from the catalog, and restart the server.";

    /// <summary>The engine ended after it had been ready.</summary>
    public static string Ended(int exitCode) => $"The engine ended (exit code {exitCode}) and is started again.";

    /// <summary>The engine runs, but does not answer.</summary>
    public static string Hung(int misses) => $"The engine did not answer {misses} times in a row and is started again.";

    /// <summary>There is no engine to send a request to, or it did not answer in time.</summary>
    public static string NoAnswer(double seconds) => $"The engine did not answer within {seconds:0.#} s. It is watched, and started again if it stays silent.";

    /// <summary>The connection to the engine broke.</summary>
    public static string Unreachable(string why) => $"The engine could not be reached ({why}). It is watched, and started again if it has ended.";

    /// <summary>The wanted port is taken.</summary>
    public static string OtherPort(int wanted, int taken) =>
        $"Port {wanted} is in use by another program; the engine uses {taken}. Choose a free EnginePort if addresses have to stay the same.";

    /// <summary>The configured address is none.</summary>
    public static string BadEngineUrl(string url) => $"EngineUrl {url} is no http or https address. Correct it in the settings of Coax, or leave it empty.";

    /// <summary>The engine elsewhere does not answer.</summary>
    public static string RemoteSilent(string address, string why) =>
        $"The engine at {address} does not answer ({why}). Start it there, or empty EngineUrl in the settings of Coax to use the plugin's own engine.";

    /// <summary>The engine elsewhere refuses the token.</summary>
    public static string RemoteRefuses(string address) => $"The engine at {address} refuses EngineToken. Enter its admin token in the settings of Coax.";

    /// <summary>Anything that was not foreseen.</summary>
    public static string Unexpected(string why) => $"The engine could not be started: {why} It is tried again; the server's log has the details.";

    /// <summary>The address of the runtime is unusable.</summary>
    public static string BadRuntimeUrl(string why) => $"RuntimeUrl {why}";

    /// <summary>A runtime was fetched that is not the pinned one.</summary>
    public static string WrongHash(string host, string expected, string actual) =>
        $"what {host} sent has the SHA-256 {actual} instead of {expected} and was thrown away: check RuntimeUrl and its hash, or install Node by hand";

    /// <summary>A runtime could not be fetched.</summary>
    public static string FetchFailed(string host, string why) =>
        $"Node could not be fetched from {host} ({why}): allow that connection, install Node {NodeLocator.WantedMajor} by hand, or set RuntimeUrl to a mirror";

    /// <summary>A runtime archive without a Node in it.</summary>
    public static string NoNodeInside(string host) => $"the archive from {host} contains no Node program";
}
