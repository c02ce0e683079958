using System.Reflection;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coax.Harness;

/// <summary>The host's web server: the plugin's controllers below its policies. The token <c>admin</c> is an administrator, <c>user</c> a user, none nobody.</summary>
internal static class HostWeb
{
    public static void Add(IServiceCollection services, IReadOnlyList<Assembly> plugins)
    {
        var controllers = services.AddControllers();
        foreach (var plugin in plugins)
        {
            controllers.AddApplicationPart(plugin);
        }

        controllers.AddJsonOptions(options => options.JsonSerializerOptions.PropertyNamingPolicy = null);
        services.AddAuthentication("harness").AddScheme<AuthenticationSchemeOptions, TokenHandler>("harness", null);
        services.AddAuthorizationBuilder()
            .SetDefaultPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder("harness").RequireAuthenticatedUser().Build())
            .AddPolicy("RequiresElevation", policy => policy.RequireRole("Administrator"));
    }

    public static void Use(WebApplication app)
    {
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapControllers();
    }

    private sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var header = Request.Headers.Authorization.ToString();
            var role = header.Contains("Token=\"admin\"", StringComparison.Ordinal) ? "Administrator"
                : header.Contains("Token=\"user\"", StringComparison.Ordinal) ? "User" : null;
            if (role is null)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Role, role), new Claim(ClaimTypes.Name, role)], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}
