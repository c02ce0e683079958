using System.Reflection;

namespace Coax.Harness;

/// <summary>
/// An implementation of a host interface by an object that has those of its members that matter, found by name and parameter types. Whatever
/// else is called gives the default: null, zero, an empty list, a completed task. So the harness does not depend on how much of the host is declared.
/// </summary>
public class Fake<T> : DispatchProxy
    where T : class
{
    private object _behaviour = new();

    /// <summary>An object of the interface that <paramref name="behaviour"/> stands behind.</summary>
    public static T By(object behaviour)
    {
        var proxy = Create<T, Fake<T>>();
        ((Fake<T>)(object)proxy)._behaviour = behaviour;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        ArgumentNullException.ThrowIfNull(targetMethod);
        var types = targetMethod.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        var found = _behaviour.GetType().GetMethod(targetMethod.Name, types);
        try
        {
            return found is null ? Nothing(targetMethod.ReturnType) : found.Invoke(_behaviour, args);
        }
        catch (TargetInvocationException error) when (error.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerException);
            throw;
        }
    }

    private static object? Nothing(Type type)
    {
        if (type == typeof(void))
        {
            return null;
        }

        if (type == typeof(Task))
        {
            return Task.CompletedTask;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
        {
            var result = type.GetGenericArguments()[0];
            return typeof(Task).GetMethod(nameof(Task.FromResult))!.MakeGenericMethod(result).Invoke(null, [Nothing(result)]);
        }

        if (type.IsGenericType && type.IsInterface && type.GetGenericTypeDefinition().Namespace == "System.Collections.Generic")
        {
            var array = Array.CreateInstance(type.GetGenericArguments()[0], 0);
            return type.IsInstanceOfType(array) ? array : null;
        }

        if (type.IsArray)
        {
            return Array.CreateInstance(type.GetElementType()!, 0);
        }

        return type.IsValueType ? Activator.CreateInstance(type) : null;
    }
}

internal static class Fakes
{
    /// <summary>An implementation of an interface that gives defaults for everything.</summary>
    public static object Idle(Type type) => typeof(Fake<>).MakeGenericType(type).GetMethod("By")!.Invoke(null, [new object()])!;
}
