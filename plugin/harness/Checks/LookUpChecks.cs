using Jellyfin.Data.Enums;
using MediaBrowser.Controller.Entities;
using MediaBrowser.Controller.Persistence;
using MediaBrowser.Model.LiveTv;

namespace Coax.Harness.Checks;

/// <summary>What a guide refresh of the host costs: the order of channels, and how often its library is asked for what it has stored.</summary>
internal static class LookUpChecks
{
    private const int Channels = 60;

    public static IEnumerable<(string Name, Func<CheckContext, Task> Run)> All()
    {
        yield return ("a guide refresh begins with the channels that have least guide, so that the host walks few stored programmes for most of them", async context =>
        {
            await using var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
            engine.Channels = ["big", "none", "small", "void"];
            engine.Guide = GuideEngine.Head() + Line("big", 9) + Line("small", 1) + GuideEngine.End(2, 10);
            await using var host = await ReadyAsync(context, engine).ConfigureAwait(false);
            await CheckContext.WaitForChannelsAsync(host).ConfigureAwait(false);
            Expect.Equal("coax_none coax_void coax_small coax_big", await OrderAsync(host, cached: false).ConfigureAwait(false), "for a refresh");
            Expect.Equal("coax_big coax_none coax_small coax_void", await OrderAsync(host, cached: true).ConfigureAwait(false), "for anybody else");
            Expect.Equal(1, engine.Asked.Count, "questions for the guide");
        });

        yield return ("the stored programmes of many channels are looked up at a time, and the host gets for each channel what it would have got", async context =>
        {
            await using var engine = await EngineAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, engine).ConfigureAwait(false);
            foreach (var round in new[] { "first", "second" })
            {
                var asked = host.Library.Asked.Count;
                var ids = await BeginAsync(host).ConfigureAwait(false);
                foreach (var (channel, id) in ids)
                {
                    var stored = await LookUpAsync(host, channel, id).ConfigureAwait(false);
                    Expect.Equal(string.Join(' ', host.Library.Items.Where(item => item.Kind == BaseItemKind.LiveTvProgram && item.ChannelId == id).Select(item => item.Name)), string.Join(' ', stored.Select(item => item.Name)), $"{round}: {channel}");
                }

                context.Figures[round] = host.Library.Asked.Count - asked;
                Expect.True(host.Library.Asked.Count - asked <= 4, $"{round}: {host.Library.Asked.Count - asked} questions for {Channels} channels");
                Expect.True(host.Library.Asked.All(query => query.ChannelIds.Count <= 25), "what is held at a time is bounded");
            }
        });

        yield return ("every other question to the host's library is put as it was asked: another item, a filter, a channel of somebody else, no guide asked for before", async context =>
        {
            await using var engine = await EngineAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, engine).ConfigureAwait(false);
            var (channel, id) = (await BeginAsync(host).ConfigureAwait(false))[0];
            var library = host.Get<IItemRepository>();
            var foreign = Guid.NewGuid();
            host.Library.Items.Add(new StoredItem { Kind = BaseItemKind.LiveTvProgram, ChannelId = foreign, Id = Guid.NewGuid(), Name = "foreign" });
            async Task SameAsync(InternalItemsQuery query, bool guideBefore)
            {
                if (guideBefore)
                {
                    _ = await GuideAsync(host, channel).ConfigureAwait(false);
                }

                _ = library.GetItemList(query);
                Expect.True(ReferenceEquals(query, host.Library.Asked[^1]), "the question itself is put");
            }

            await SameAsync(Query(id), guideBefore: false).ConfigureAwait(false);
            await SameAsync(new InternalItemsQuery { IncludeItemTypes = [BaseItemKind.LiveTvProgram], ChannelIds = [id], Limit = 1 }, guideBefore: true).ConfigureAwait(false);
            await SameAsync(new InternalItemsQuery { IncludeItemTypes = [BaseItemKind.LiveTvChannel], ChannelIds = [id] }, guideBefore: true).ConfigureAwait(false);
            await SameAsync(new InternalItemsQuery { IncludeItemTypes = [BaseItemKind.LiveTvProgram] }, guideBefore: true).ConfigureAwait(false);
            await SameAsync(new InternalItemsQuery { IncludeItemTypes = [BaseItemKind.LiveTvProgram], ChannelIds = [id, foreign] }, guideBefore: true).ConfigureAwait(false);
            await SameAsync(Query(foreign), guideBefore: true).ConfigureAwait(false);
            Expect.Equal(6, (await LookUpAsync(host, channel, id).ConfigureAwait(false)).Count, "programmes in the end");
        });

        yield return ("where looking up for many channels fails, the host looks up by itself, and what fails then fails as in the host alone", async context =>
        {
            await using var engine = await EngineAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, engine).ConfigureAwait(false);
            var ids = await BeginAsync(host).ConfigureAwait(false);
            host.Library.Failures.Enqueue(new InvalidOperationException("too many channels"));
            Expect.Equal(6, (await LookUpAsync(host, ids[0].Channel, ids[0].Id).ConfigureAwait(false)).Count, "programmes all the same");
            Expect.Equal(1, host.Library.Asked[^1].ChannelIds.Count, "channels in the host's own question");
            host.Library.Failures.Enqueue(new InvalidOperationException("database is locked"));
            var error = await Expect.ThrowsAsync<InvalidOperationException>(() => LookUpAsync(host, ids[1].Channel, ids[1].Id), "the host's own look-up").ConfigureAwait(false);
            Expect.Equal("database is locked", error.Message, "its own error");
            Expect.Equal(6, (await LookUpAsync(host, ids[2].Channel, ids[2].Id).ConfigureAwait(false)).Count, "programmes of the next channel");
            ids = await BeginAsync(host).ConfigureAwait(false);
            _ = await LookUpAsync(host, ids[0].Channel, ids[0].Id).ConfigureAwait(false);
            Expect.Equal(25, host.Library.Asked[^1].ChannelIds.Count, "channels at a time in the next refresh");
        });

        yield return ("a refresh that was cut off leaves nothing to the next one, and the setting turns all of it off", async context =>
        {
            await using var engine = await EngineAsync().ConfigureAwait(false);
            await using var host = await ReadyAsync(context, engine).ConfigureAwait(false);
            var ids = await BeginAsync(host).ConfigureAwait(false);
            _ = await LookUpAsync(host, ids[0].Channel, ids[0].Id).ConfigureAwait(false);
            host.Library.Items.RemoveAll(item => item.Kind == BaseItemKind.LiveTvProgram);
            ids = await BeginAsync(host).ConfigureAwait(false);
            Expect.Equal(0, (await LookUpAsync(host, ids[1].Channel, ids[1].Id).ConfigureAwait(false)).Count, "programmes after they were removed");
            var plugin = Expect.NotNull(host.Plugin, "plugin");
            var configuration = plugin.GetType().GetProperty("Configuration")!.GetValue(plugin)!;
            configuration.GetType().GetProperty("BatchLookUps")!.SetValue(configuration, false);
            var query = Query(ids[2].Id);
            _ = await GuideAsync(host, ids[2].Channel).ConfigureAwait(false);
            _ = host.Get<IItemRepository>().GetItemList(query);
            Expect.True(ReferenceEquals(query, host.Library.Asked[^1]), "the question itself is put");
        });
    }

    private static string Line(string channel, int programmes) =>
        $$"""{"channelId":"{{channel}}","programmes":[{{string.Join(',', Enumerable.Range(0, programmes).Select(at => GuideEngine.Programme($"p{at}", 1795300000 + (at * 1800))))}}]}""" + "\n";

    private static async Task<GuideEngine> EngineAsync()
    {
        var engine = await GuideEngine.StartAsync().ConfigureAwait(false);
        engine.Channels = [.. Enumerable.Range(0, Channels).Select(at => $"c{at}")];
        engine.Guide = GuideEngine.Head() + string.Concat(engine.Channels.Select(channel => Line(channel, 6))) + GuideEngine.End(Channels, Channels * 6);
        return engine;
    }

    private static async Task<TestHost> ReadyAsync(CheckContext context, GuideEngine engine)
    {
        var host = await context.StartHostAsync(context.NewFolders(engine.Settings())).ConfigureAwait(false);
        await new EngineDoor(host).PhaseAsync("Ready", TimeSpan.FromSeconds(10)).ConfigureAwait(false);
        await Expect.SoonAsync(() => host.Configuration.LiveTv.ListingProviders.Length > 0, TimeSpan.FromSeconds(20), "a guide is made").ConfigureAwait(false);
        return host;
    }

    private static async Task<string> OrderAsync(TestHost host, bool cached) =>
        string.Join(' ', (await host.Tuner.GetChannels(cached, CancellationToken.None).ConfigureAwait(false)).Select(channel => channel.Id));

    // As the host does: all channels are entered, then programmes are asked for, channel by channel.
    private static async Task<IReadOnlyList<(string Channel, Guid Id)>> BeginAsync(TestHost host)
    {
        var ids = new List<(string, Guid)>();
        foreach (var channel in await host.Tuner.GetChannels(false, CancellationToken.None).ConfigureAwait(false))
        {
            var item = host.Library.Items.Find(known => known.ExternalId == channel.Id);
            if (item is null)
            {
                item = new StoredItem { Kind = BaseItemKind.LiveTvChannel, Id = Guid.NewGuid(), ExternalId = channel.Id, Name = channel.Name };
                host.Library.Items.Add(item);
                host.Library.Items.AddRange(Enumerable.Range(0, 6).Select(at => new StoredItem { Kind = BaseItemKind.LiveTvProgram, Id = Guid.NewGuid(), ChannelId = item.Id, Name = $"{channel.Id}-{at}" }));
            }

            ids.Add((channel.Id!, item.Id));
        }

        return ids;
    }

    private static InternalItemsQuery Query(Guid channel) => new() { IncludeItemTypes = [BaseItemKind.LiveTvProgram], ChannelIds = [channel], DtoOptions = new() };

    private static Task<IEnumerable<MediaBrowser.Controller.LiveTv.ProgramInfo>> GuideAsync(TestHost host, string channel)
    {
        var from = DateTimeOffset.FromUnixTimeSeconds(1795300000).UtcDateTime;
        return host.Guide.GetProgramsAsync(new ListingsProviderInfo(), channel, from, from.AddDays(1), CancellationToken.None);
    }

    private static async Task<IReadOnlyList<BaseItem>> LookUpAsync(TestHost host, string channel, Guid id)
    {
        _ = await GuideAsync(host, channel).ConfigureAwait(false);
        return host.Get<IItemRepository>().GetItemList(Query(id));
    }
}
