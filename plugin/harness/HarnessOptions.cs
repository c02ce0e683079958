namespace Coax.Harness;

/// <summary>The command line: <c>--plugin</c> is a packed zip or an unpacked plugin folder, everything else has a default.</summary>
internal sealed record HarnessOptions
{
    /// <summary>The zip, or the folder, of the plugin.</summary>
    public required string Plugin { get; init; }

    /// <summary>Address of a repository manifest to install from, instead of <see cref="Plugin"/>.</summary>
    public string Catalog { get; init; } = string.Empty;

    /// <summary>The version that the host says it is to the catalogue.</summary>
    public Version HostVersion { get; init; } = new(10, 11, 11, 0);

    /// <summary>The engine's configuration document that each host's data folder starts with; empty: the engine's own (the demo source).</summary>
    public string EngineConfig { get; init; } = string.Empty;

    /// <summary>Address of the fake provider's control server; empty: checks that ask it are skipped.</summary>
    public string ProviderControl { get; init; } = string.Empty;

    /// <summary>The Node runtime, as an admin would configure it; empty leaves the search to the plugin.</summary>
    public string Node { get; init; } = string.Empty;

    /// <summary>Where hosts keep their folders; removed at the end when the harness made it.</summary>
    public string Scratch { get; init; } = string.Empty;

    public bool References { get; init; }

    public bool List { get; init; }

    /// <summary>Prints the host's log of failed checks in full.</summary>
    public bool Verbose { get; init; }

    public IReadOnlyList<string> Only { get; init; } = [];

    public const string Usage = """
        Coax.Harness --plugin ZIP|FOLDER | --catalog URL [--host-version VERSION] [--engine-config FILE] [--provider-control URL] [--node PATH] [--scratch FOLDER]
                     [--only TEXT]... [--list] [--references] [--verbose]
        """;

    public bool Wants(string check) => Only.Count == 0 || Only.Any(text => check.Contains(text, StringComparison.OrdinalIgnoreCase));

    public static HarnessOptions Parse(string[] arguments)
    {
        var only = new List<string>();
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] flags = ["--references", "--list", "--verbose"];
        for (var at = 0; at < arguments.Length; at++)
        {
            var name = arguments[at];
            if (flags.Contains(name))
            {
                values[name] = "yes";
            }
            else if (at + 1 < arguments.Length && name == "--only")
            {
                only.Add(arguments[++at]);
            }
            else if (at + 1 < arguments.Length && name is "--plugin" or "--catalog" or "--host-version" or "--engine-config" or "--provider-control" or "--node" or "--scratch")
            {
                values[name] = arguments[++at];
            }
            else
            {
                throw new ArgumentException($"{name} is no argument, or lacks its value.\n{Usage}");
            }
        }

        string Value(string name) => values.GetValueOrDefault(name, string.Empty);
        if (Value("--plugin").Length + Value("--catalog").Length == 0 && !values.ContainsKey("--list"))
        {
            throw new ArgumentException(Usage);
        }

        return new HarnessOptions
        {
            Plugin = Value("--plugin"),
            Catalog = Value("--catalog"),
            HostVersion = Version.Parse(values.GetValueOrDefault("--host-version", "10.11.11.0")),
            EngineConfig = Value("--engine-config"),
            ProviderControl = Value("--provider-control").TrimEnd('/'),
            Node = Value("--node"),
            Scratch = Value("--scratch"),
            References = values.ContainsKey("--references"),
            List = values.ContainsKey("--list"),
            Verbose = values.ContainsKey("--verbose"),
            Only = only,
        };
    }
}
