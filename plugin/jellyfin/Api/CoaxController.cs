using Jellyfin.Plugin.Coax.Database;
using Jellyfin.Plugin.Coax.Engine;
using Jellyfin.Plugin.Coax.Provisioning;
using MediaBrowser.Common.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Jellyfin.Plugin.Coax.Api;

/// <summary>What the settings page talks to. Every route is for administrators; without the attribute the server would let anybody in.</summary>
[ApiController]
[Authorize(Policy = Policies.RequiresElevation)]
[Route("Coax")]
public class CoaxController(IEngine engine, Provisioner provisioner, AdminForwarder forwarder, DatabaseCache database) : ControllerBase
{
    /// <summary>The engine's state, and whether Coax is set up in this server.</summary>
    [HttpGet("Status")]
    public ActionResult<CoaxStatus> Status()
    {
        var status = engine.Status;
        return new CoaxStatus(
            status.Phase.ToString(),
            status.Message,
            status.Version,
            typeof(CoaxController).Assembly.GetName().Version?.ToString(3),
            provisioner.HasTuner,
            provisioner.HasGuide);
    }

    /// <summary>Makes the tuner and the guide of Coax if they are missing, also when they were deleted before.</summary>
    [HttpPost("Provision")]
    public async Task<ActionResult> Provision()
    {
        await provisioner.ProvisionAsync(HttpContext.RequestAborted).ConfigureAwait(false);
        return NoContent();
    }

    /// <summary>Ends the engine and starts it again.</summary>
    [HttpPost("Restart")]
    public async Task<ActionResult> Restart()
    {
        await engine.RestartAsync(HttpContext.RequestAborted).ConfigureAwait(false);
        return NoContent();
    }

    /// <summary>The option of the server that makes guide refreshes cheaper.</summary>
    [HttpGet("Database")]
    public ActionResult<DatabaseCacheState> Database() => database.State();

    /// <summary>Sets that option; 409 with the reason when that cannot be done here.</summary>
    [HttpPut("Database")]
    public ActionResult<DatabaseCacheState> SetDatabase() => ChangeDatabase(true);

    /// <summary>Takes that option back.</summary>
    [HttpDelete("Database")]
    public ActionResult<DatabaseCacheState> ResetDatabase() => ChangeDatabase(false);

    /// <summary>The engine's admin API.</summary>
    [Route("Api/{**path}")]
    [HttpGet]
    [HttpPost]
    [HttpPatch]
    [HttpPut]
    [HttpDelete]
    [ApiExplorerSettings(IgnoreApi = true)]
    public Task Api(string path) => forwarder.ForwardAsync(HttpContext, path);

    private ActionResult<DatabaseCacheState> ChangeDatabase(bool on)
    {
        try
        {
            database.Set(on);
            return database.State();
        }
        catch (DatabaseFileException error)
        {
            return Problem(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }
}
