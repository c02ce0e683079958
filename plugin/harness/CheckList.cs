using System.Reflection;

namespace Coax.Harness;

/// <summary>A named sentence about the plugin, and what makes sure of it. It throws when the sentence is not true.</summary>
internal sealed record Check(string Name, Func<CheckContext, Task> Run);

internal static class CheckList
{
    /// <summary>What the classes of the namespace Checks offer: each has <c>static IEnumerable&lt;(string Name, Func&lt;CheckContext, Task&gt; Run)&gt; All()</c>.</summary>
    public static IEnumerable<Check> All() =>
        from type in typeof(CheckList).Assembly.GetTypes()
        where type.Namespace == "Coax.Harness.Checks"
        let all = type.GetMethod("All", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, Type.EmptyTypes)
        where all is not null
        orderby type.Name
        from check in (IEnumerable<(string Name, Func<CheckContext, Task> Run)>)all.Invoke(null, null)!
        select new Check(check.Name, check.Run);
}
