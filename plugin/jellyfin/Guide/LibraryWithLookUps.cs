using System.Reflection;
using MediaBrowser.Controller.Entities;
using MediaBrowser.Controller.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Jellyfin.Plugin.Coax.Guide;

/// <summary>
/// The server's library with <see cref="ProgrammeLookUps"/> before it. Every call of every version goes to the server's own as it is, but for the look-ups of a guide refresh.
/// It lies in memory only: without the plugin, the server has its own library again.
/// </summary>
public class LibraryWithLookUps : DispatchProxy
{
    private IItemRepository library = null!;
    private ProgrammeLookUps lookUps = null!;

    /// <summary>Puts this before the library that is registered. Where there is none as expected, or it cannot be stood in for, everything stays as it is. Never throws.</summary>
    internal static void Add(IServiceCollection services)
    {
        try
        {
            var own = services.LastOrDefault(service => service.ServiceType == typeof(IItemRepository) && !service.IsKeyedService);
            if (own is not { Lifetime: ServiceLifetime.Singleton })
            {
                return;
            }

            if (own.ImplementationType is { } type)
            {
                services.TryAddSingleton(type);
            }

            services.AddSingleton(provider => Over((IItemRepository)Make(own, provider), provider.GetRequiredService<ProgrammeLookUps>()));
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or TypeLoadException)
        {
            // The server is slower without, and nothing else.
        }
    }

    /// <summary>A library that asks <paramref name="lookUps"/> first; the library itself when its interface cannot be stood in for.</summary>
    public static IItemRepository Over(IItemRepository library, ProgrammeLookUps lookUps)
    {
        try
        {
            var made = Create<IItemRepository, LibraryWithLookUps>();
            var behind = (LibraryWithLookUps)made;
            behind.library = library;
            behind.lookUps = lookUps;
            return made;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException or TypeLoadException or InvalidCastException)
        {
            return library;
        }
    }

    /// <inheritdoc />
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        ArgumentNullException.ThrowIfNull(targetMethod);
        if (targetMethod.Name == nameof(IItemRepository.GetItemList) && args is [InternalItemsQuery query] && Plugin.Instance?.Configuration.BatchLookUps == true
            && lookUps.Answer(library, query) is { } answer)
        {
            return answer;
        }

        return targetMethod.Invoke(library, BindingFlags.DoNotWrapExceptions, null, args, null);
    }

    private static object Make(ServiceDescriptor own, IServiceProvider provider) =>
        own.ImplementationInstance ?? own.ImplementationFactory?.Invoke(provider) ?? provider.GetRequiredService(own.ImplementationType!);
}
