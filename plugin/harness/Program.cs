using Coax.Harness;

// Loads a packed plugin the way the media server does and checks what it does there. One JSON line per check on stdout; exit code 1 when one failed.
var options = HarnessOptions.Parse(args);
using var plugins = new ScratchFolder(options.Scratch);
if (options.Catalog.Length > 0)
{
    options = options with { Plugin = await Catalog.InstallAsync(new Uri(options.Catalog), options.HostVersion, plugins.Path).ConfigureAwait(false) };
    Console.Error.WriteLine($"installed {Path.GetFileName(options.Plugin)}");
}

if (options.References)
{
    using var package = PluginPackage.Open(options.Plugin, options.Scratch);
    foreach (var line in HostReferences.Of(package.MainAssembly))
    {
        Console.WriteLine(line);
    }

    return 0;
}

var checks = CheckList.All().Where(check => options.Wants(check.Name)).ToList();
if (options.List)
{
    foreach (var check in checks)
    {
        Console.WriteLine(check.Name);
    }

    return 0;
}

var failed = 0;
await using (var context = new CheckContext(options))
{
    foreach (var check in checks)
    {
        if (!await CheckRunner.RunAsync(check, context).ConfigureAwait(false))
        {
            failed++;
        }
    }
}

return failed == 0 ? 0 : 1;
