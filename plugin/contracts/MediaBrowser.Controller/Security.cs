namespace MediaBrowser.Controller.Security;

/// <summary>An API key or a device's token.</summary>
public class AuthenticationInfo
{
    public long Id { get; set; }

    public string? AccessToken { get; set; }

    public string? AppName { get; set; }

    public DateTime DateCreated { get; set; }
}

/// <summary>Makes and removes API keys.</summary>
public interface IAuthenticationManager
{
    Task CreateApiKey(string name);

    Task<IReadOnlyList<AuthenticationInfo>> GetApiKeys();

    Task DeleteApiKey(string accessToken);
}
