using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Jellyfin.Plugin.Coax.Database;

/// <summary>
/// The server's <c>database.xml</c>, as far as it holds options of its SQLite database. Everything else in it is left as it is. Both 10.11 and 12
/// read the options at their start (SqliteDatabaseProvider.Initialise).
/// </summary>
public static class DatabaseFile
{
    private const string Sqlite = "Jellyfin-SQLite";

    private static readonly XName Nil = XName.Get("nil", "http://www.w3.org/2001/XMLSchema-instance");

    /// <summary>The options by their keys. <see cref="DatabaseFileException"/> when the server has another database, or a file that cannot be read.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path) => Options(Load(path)).Where(option => Key(option).Length > 0)
        .GroupBy(Key, StringComparer.OrdinalIgnoreCase)
        // The server takes the first of several.
        .ToDictionary(same => same.Key, same => (string?)same.First().Element("Value") ?? string.Empty, StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds the options whose keys are not there; those that are keep their values.</summary>
    public static void Add(string path, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var document = Load(path);
        var known = Options(document).Select(Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var missing = options.Where(option => !known.Contains(option.Key)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var list = Child(Child(document.Root!, "CustomProviderOptions", after: "DatabaseType"), "Options");
        list.Add(missing.Select(option => new XElement("CustomDatabaseOption", new XElement("Key", option.Key), new XElement("Value", option.Value))));
        Save(path, document);
    }

    /// <summary>Removes the options that have exactly these keys and values, and the elements that are empty then.</summary>
    public static void Remove(string path, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var document = Load(path);
        var ours = Options(document).Where(option => options.Any(one => string.Equals(one.Key, Key(option), StringComparison.OrdinalIgnoreCase) && one.Value == (string?)option.Element("Value"))).ToList();
        if (ours.Count == 0)
        {
            return;
        }

        var list = ours[0].Parent!;
        ours.ForEach(option => option.Remove());
        if (!list.HasElements && list.Parent is { } custom)
        {
            list.Remove();
            if (!custom.HasElements)
            {
                custom.Remove();
            }
        }

        Save(path, document);
    }

    /// <summary>Where the file is kept as it was before the last change.</summary>
    public static string BackupOf(string path) => path + ".before-coax";

    private static XDocument Load(string path)
    {
        XDocument document;
        try
        {
            // No DTDs, so nothing outside of the file is read.
            using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            document = XDocument.Load(reader);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DatabaseFileException($"This server keeps no {path}.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or XmlException)
        {
            throw new DatabaseFileException($"{path} cannot be read: {error.Message}", error);
        }

        var type = (string?)document.Root?.Element("DatabaseType");
        if (document.Root?.Name.LocalName != "DatabaseConfigurationOptions" || type is null)
        {
            throw new DatabaseFileException($"{path} is not what this plugin knows of a server's database settings.");
        }

        return type == Sqlite ? document : throw new DatabaseFileException($"This server's database is {type}, not {Sqlite}.");
    }

    private static IEnumerable<XElement> Options(XDocument document) =>
        document.Root!.Elements("CustomProviderOptions").Elements("Options").Elements("CustomDatabaseOption");

    private static string Key(XElement option) => (string?)option.Element("Key") ?? string.Empty;

    private static XElement Child(XElement of, string name, string? after = null)
    {
        if (of.Element(name) is { } there)
        {
            there.Attribute(Nil)?.Remove();
            return there;
        }

        var made = new XElement(name);
        if (after is not null && of.Element(after) is { } before)
        {
            before.AddAfterSelf(made);
        }
        else
        {
            of.Add(made);
        }

        return made;
    }

    // The new file takes the place of the old one at once, with its access rights, and the old one is kept.
    private static void Save(string path, XDocument document)
    {
        var unfinished = path + ".coax.tmp";
        try
        {
            File.Copy(path, BackupOf(path), overwrite: true);
            File.Copy(path, unfinished, overwrite: true);
            using (var file = new FileStream(unfinished, FileMode.Truncate, FileAccess.Write, FileShare.None))
            {
                using (var writer = XmlWriter.Create(file, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true }))
                {
                    document.Save(writer);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseFileException($"{path} cannot be written: {error.Message}", error);
        }
        finally
        {
            Discard(unfinished);
        }
    }

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is overwritten by the next change.
        }
    }
}
