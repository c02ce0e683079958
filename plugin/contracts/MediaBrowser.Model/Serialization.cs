namespace MediaBrowser.Model.Serialization;

/// <summary>The host's XML reader and writer.</summary>
public interface IXmlSerializer
{
    object DeserializeFromStream(Type type, Stream stream);

    void SerializeToStream(object obj, Stream stream);

    void SerializeToFile(object obj, string file);

    object DeserializeFromFile(Type type, string file);

    object DeserializeFromBytes(Type type, byte[] buffer);
}
