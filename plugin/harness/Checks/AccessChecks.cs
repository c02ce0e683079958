using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Coax.Harness.Checks;

/// <summary>Who may ask the plugin's controllers for what.</summary>
internal static class AccessChecks
{
    private const string Elevation = "RequiresElevation";

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("every controller of the plugin asks for an administrator, and none of its actions lets anybody else in", async context =>
        {
            var host = await context.SharedHostAsync().ConfigureAwait(false);
            var controllers = host.PluginAssembly.GetTypes().Where(type => typeof(ControllerBase).IsAssignableFrom(type) && !type.IsAbstract).ToList();
            Expect.True(controllers.Count > 0, "there are controllers");
            foreach (var controller in controllers)
            {
                Expect.True(
                    controller.GetCustomAttributes(typeof(AuthorizeAttribute), inherit: true).Cast<AuthorizeAttribute>().Any(attribute => attribute.Policy == Elevation),
                    $"{controller.Name} has the policy {Elevation}");
            }

            var open = controllers.Cast<System.Reflection.MemberInfo>().Concat(controllers.SelectMany(controller => controller.GetMethods()))
                .Where(member => member.GetCustomAttributes(inherit: true).Any(attribute => attribute is IAllowAnonymous)).Select(member => member.Name);
            Expect.Equal(string.Empty, string.Join(", ", open), "what anybody may ask for");
        });

        yield return ("every route answers 401 to nobody, 403 to a viewer, and lets an administrator in", async context =>
        {
            // A host of its own: one of the routes restarts the engine.
            await using var host = await context.StartHostAsync(context.NewFolders()).ConfigureAwait(false);
            await new EngineDoor(host).PhaseAsync("Ready", TimeSpan.FromSeconds(20)).ConfigureAwait(false);
            var routes = host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Select(method => (Method: method, Path: PathOf(endpoint))) ?? [])
                .Distinct().OrderBy(route => route.Path, StringComparer.Ordinal).ToList();
            context.Figures["routes"] = routes.Count;
            foreach (var expected in new[] { "GET /Coax/Status", "POST /Coax/Provision", "POST /Coax/Restart", "GET /Coax/Database", "PUT /Coax/Database", "DELETE /Coax/Database", "GET /Coax/Api/sources", "DELETE /Coax/Api/sources" })
            {
                Expect.True(routes.Exists(route => $"{route.Method} {route.Path}" == expected), $"{expected} is among {string.Join(", ", routes)}");
            }

            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Address };
            foreach (var (method, path) in routes)
            {
                Expect.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, method, path, null).ConfigureAwait(false), $"{method} {path} for nobody");
                Expect.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, method, path, "guess").ConfigureAwait(false), $"{method} {path} with a wrong token");
                Expect.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, method, path, "user").ConfigureAwait(false), $"{method} {path} for a viewer");
                var admin = await StatusAsync(client, method, path, "admin").ConfigureAwait(false);
                Expect.True(
                    method == "GET" ? admin == HttpStatusCode.OK : admin is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.InternalServerError),
                    $"{method} {path} for an administrator: {(int)admin}");
            }
        });
    }

    // A path that the pattern fits, and that the engine has.
    private static string PathOf(RouteEndpoint endpoint) =>
        "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart text ? text.Content : "sources"))));

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string path, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"MediaBrowser Token=\"{token}\"");
        }

        if (method is "POST" or "PUT" or "PATCH")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        return answer.StatusCode;
    }
}
