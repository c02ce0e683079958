namespace Jellyfin.Plugin.Coax.Engine;

/// <summary>An archive with a Node runtime and the hash that it must have.</summary>
internal sealed record NodeArchive(Uri Address, string Sha256)
{
    /// <summary>Reads an address with its hash: <c>https://…/node.tar.gz#sha256=HEX</c>.</summary>
    public static NodeArchive Parse(string text)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var address)
            || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
        {
            throw new EngineFailure(EngineMessages.BadRuntimeUrl("has to be an https address"));
        }

        const string Mark = "#sha256=";
        var hash = address.Fragment.StartsWith(Mark, StringComparison.OrdinalIgnoreCase) ? address.Fragment[Mark.Length..] : string.Empty;
        if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))
        {
            throw new EngineFailure(EngineMessages.BadRuntimeUrl("has to end in #sha256= and the 64 hexadecimal digits of the archive's SHA-256"));
        }

        var path = address.AbsolutePath;
        if (!path.EndsWith(".tar.gz", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase)
            && !path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            throw new EngineFailure(EngineMessages.BadRuntimeUrl("has to name a .tar.gz or a .zip"));
        }

        return new NodeArchive(new UriBuilder(address) { Fragment = string.Empty }.Uri, hash.ToUpperInvariant());
    }
}

/// <summary>The archives of nodejs.org that are fetched when a machine has no Node. Hashes are those of its SHASUMS256.txt.</summary>
internal static class NodeArchives
{
    /// <summary>The pinned release of Node 24 (LTS).</summary>
    public const string Version = "24.19.0";

    private static readonly Dictionary<string, string> Hashes = new(StringComparer.Ordinal)
    {
        ["linux-x64.tar.gz"] = "f625d97cd707df4ff96254916fbc5ff014f09c09effe5a1e0ca8f6d41a8789d4",
        ["linux-arm64.tar.gz"] = "d28c8a5bf0a808f0ed434a1dce8c54ae98f0371c0bd86ac58abc613f73e6643f",
        ["darwin-x64.tar.gz"] = "d1b5e999db158c62fe8f7267a4476b035d8bd93b1a605bac24a3f0dd166e3316",
        ["darwin-arm64.tar.gz"] = "8294b7aa9b03997481c06babf1e8b270c859358f27da57a11509afe537ac381d",
        ["win-x64.zip"] = "57f71ab3652e797d84acddc79c81cc9ff1c6ddb2a1974cdb83f00fee9bff4c73",
        ["win-arm64.zip"] = "8502f4a50b458d4cc38ed8f2001556c2cd239d464920f74017926ccb1e1c157f",
    };

    /// <summary>The archive for a platform such as <c>linux-x64</c>, or null when there is none.</summary>
    public static NodeArchive? For(string? platform)
    {
        var file = platform is null ? null : Hashes.Keys.FirstOrDefault(name => name.StartsWith(platform + ".", StringComparison.Ordinal));
        return file is null ? null : new NodeArchive(new Uri($"https://nodejs.org/dist/v{Version}/node-v{Version}-{file}"), Hashes[file].ToUpperInvariant());
    }
}
