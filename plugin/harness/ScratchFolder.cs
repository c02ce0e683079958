namespace Coax.Harness;

/// <summary>A folder of its own below a parent (the temp folder when empty), removed in the end.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public ScratchFolder(string parent) =>
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent.Length == 0 ? System.IO.Path.GetTempPath() : parent, $"coax-harness-{Guid.NewGuid():N}")).FullName;

    public string Path { get; }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A program that is just ending still writes there.
        }
    }
}
