using MediaBrowser.Common.Configuration;
using MediaBrowser.Controller.LiveTv;
using MediaBrowser.Model.LiveTv;

namespace Jellyfin.Plugin.Coax.Provisioning;

/// <summary>
/// Coax's tuner and guide in the server's live TV settings. Calls that save make the server queue a refresh of its guide, which is an
/// error before its start-up has completed.
/// </summary>
public sealed class LiveTvEntries
{
    private const string Key = "livetv";
    private const string CoaxType = "coax";

    private readonly IConfigurationManager configuration;
    private readonly ITunerHostManager tuners;
    private readonly IListingsManager listings;

    /// <summary>Only remembers.</summary>
    public LiveTvEntries(IConfigurationManager configuration, ITunerHostManager tuners, IListingsManager listings)
    {
        this.configuration = configuration;
        this.tuners = tuners;
        this.listings = listings;
    }

    /// <summary>Whether a tuner of ours is there: without one the server shows no live TV.</summary>
    public bool HasTuner => OurTuners().Length > 0;

    /// <summary>Whether a guide of ours is there.</summary>
    public bool HasGuide => OurGuides().Length > 0;

    private LiveTvOptions Options => (LiveTvOptions)configuration.GetConfiguration(Key);

    /// <summary>Whether a change of this part of the settings concerns the entries.</summary>
    public static bool IsKey(string? key) => string.Equals(key, Key, StringComparison.OrdinalIgnoreCase);

    /// <summary>Makes what is missing; what is there already, whoever made it, stays. True when something was made.</summary>
    public async Task<bool> CreateAsync(int guideDays)
    {
        var made = false;
        if (!HasTuner)
        {
            // The refresh is queued by the guide below, once.
            await tuners.SaveTunerHost(
                new TunerHostInfo { Type = CoaxType, FriendlyName = "Coax", Url = "coax://engine", TunerCount = 0, AllowStreamSharing = true },
                dataSourceChanged: HasGuide);
            made = true;
        }

        if (!HasGuide)
        {
            SetGuideDays(guideDays);
            // Bound to the tuner: else the server would match numbers and names of other tuners' channels with ours.
            await listings.SaveListingProvider(
                new ListingsProviderInfo { Type = CoaxType, EnableAllTuners = false, EnabledTuners = [.. OurTuners()] },
                validateLogin: false,
                validateListings: false);
            made = true;
        }

        return made;
    }

    /// <summary>Binds our guide to our tuners where it is bound to ones that are gone. True when something was changed.</summary>
    public async Task<bool> RebindAsync()
    {
        var ours = OurTuners();
        if (ours.Length == 0 || OurGuides() is not { Length: > 0 } guides || guides.Any(guide => IsBound(guide, ours)))
        {
            return false;
        }

        guides[0].EnabledTuners = ours;
        await listings.SaveListingProvider(guides[0], validateLogin: false, validateListings: false);
        return true;
    }

    /// <summary>Takes all entries of our type out. True when there were any.</summary>
    public bool Remove()
    {
        var options = Options;
        if (!HasTuner && !HasGuide)
        {
            return false;
        }

        // 10.11 cannot delete a tuner through its interface (12: ITunerHostManager.DeleteTunerHost).
        options.TunerHosts = [.. options.TunerHosts.Where(tuner => !IsOurs(tuner.Type))];
        options.ListingProviders = [.. options.ListingProviders.Where(guide => !IsOurs(guide.Type))];
        configuration.SaveConfiguration(Key, options);
        return true;
    }

    private static bool IsOurs(string? type) => string.Equals(type, CoaxType, StringComparison.OrdinalIgnoreCase);

    private static bool IsBound(ListingsProviderInfo guide, string[] tuners) =>
        guide.EnableAllTuners || (guide.EnabledTuners ?? []).Intersect(tuners, StringComparer.OrdinalIgnoreCase).Any();

    private string[] OurTuners() => [.. Options.TunerHosts.Where(tuner => IsOurs(tuner.Type) && !string.IsNullOrEmpty(tuner.Id)).Select(tuner => tuner.Id!)];

    private ListingsProviderInfo[] OurGuides() => [.. Options.ListingProviders.Where(guide => IsOurs(guide.Type))];

    private void SetGuideDays(int days)
    {
        var options = Options;
        if (options.GuideDays is null && days > 0)
        {
            options.GuideDays = Math.Clamp(days, 1, 14);
            configuration.SaveConfiguration(Key, options);
        }
    }
}
