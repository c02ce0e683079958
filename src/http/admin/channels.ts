import { z } from 'zod';
import type { Channel, ChannelFields, RequestPatch } from '../../catalog/contract.ts';
import { CoaxError } from '../../errors.ts';
import { archiveDays, archivesOf } from '../../model/archive.ts';
import type { ChannelId, SourceId } from '../../model/ids.ts';
import type { RequestOverride } from '../../model/upstream-request.ts';
import { factsView } from '../facts-view.ts';
import { type Route, route } from '../route.ts';
import { channel, channelPatch, pageOf, pageQuery } from '../schemas.ts';
import type { Services } from '../services.ts';

const params = z.object({ id: z.string().max(200) });
const tag = 'channels';

/** What is set, without any of it. */
function requestView(request: RequestOverride = {}): z.input<typeof channel>['request'] {
  return {
    headerNames: Object.keys(request.headers ?? {}),
    hasUserAgent: request.userAgent !== undefined,
    hasProxy: request.proxy !== undefined,
  };
}

function archiveDaysOf(item: Channel): number | null {
  const days = archivesOf(item).map(archiveDays);
  return days.length === 0 ? null : Math.max(...days);
}

export function channelRoutes({ catalog, config, redact, setChannelRequest }: Services): Route[] {
  const fields = <Some extends Partial<ChannelFields>>(side: Some) => ({
    ...side,
    ...(side.groups === undefined ? {} : { groups: [...side.groups] }),
    ...(typeof side.logo === 'string' ? { logo: redact(side.logo) } : {}),
  });
  const view = (item: Channel): z.input<typeof channel> => ({
    id: item.id,
    sourceId: item.sourceId,
    name: item.name,
    number: item.number,
    logo: item.logo === null ? null : redact(item.logo),
    guideId: item.guideId,
    guideShiftMin: item.guideShiftMin,
    groups: [...item.groups],
    hidden: item.hidden,
    adult: item.adult,
    radio: item.radio,
    archiveDays: archiveDaysOf(item),
    codecs: factsView(item.streams.find(({ codecs }) => codecs !== null)?.codecs ?? null),
    streams: item.streams.map(({ id, sourceId, codecs }) => ({ id, sourceId, codecs: factsView(codecs) })),
    provider: fields(item.provider) as z.input<typeof channel>['provider'],
    overrides: fields(item.overrides) as z.input<typeof channel>['overrides'],
    request: requestView(item.streams.find(({ channelId }) => channelId === item.id)?.request),
  });
  const enabledSources = (): SourceId[] =>
    config.current.sources.filter(({ enabled }) => enabled).map(({ id }) => id as SourceId);
  return [
    route({
      method: 'get',
      path: '/channels',
      tag,
      summary: 'Channels in the order of the lineup',
      query: z.object({
        ...pageQuery,
        source: z.string().optional(),
        hidden: z.enum(['without', 'with', 'only']).default('without'),
      }),
      answer: { status: 200, schema: pageOf(channel), description: 'A page of channels' },
      run: ({ query: { q, group, limit, cursor, source, hidden } }) => {
        const page = catalog.channels.list({
          limit,
          hidden,
          sourceIds: source === undefined ? enabledSources() : [source as SourceId],
          ...(q === undefined ? {} : { q }),
          ...(group === undefined ? {} : { group }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { ...page, items: page.items.map(view) };
      },
    }),
    route({
      method: 'get',
      path: '/channels/{id}',
      tag,
      summary: 'One channel',
      params,
      answer: { status: 200, schema: channel, description: 'The channel' },
      run: ({ params: { id } }) => {
        const found = catalog.channels.get(id as ChannelId);
        if (found === null) throw new CoaxError('NOT_FOUND', `There is no channel ${id}`);
        return view(found);
      },
    }),
    route({
      method: 'patch',
      path: '/channels/{id}',
      tag,
      summary: 'Override fields of a channel; null goes back to what the provider says',
      params,
      body: channelPatch,
      answer: { status: 200, schema: channel, description: 'The channel as it is now' },
      run: async ({ params: { id }, body }) => {
        const { request, ...fields } = body;
        const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        if (request !== undefined) await setChannelRequest(id as ChannelId, request as RequestPatch | null);
        const changed = await catalog.channels.patch(id as ChannelId, given);
        if (changed === null) throw new CoaxError('NOT_FOUND', `There is no channel ${id}`);
        return view(changed);
      },
    }),
    route({
      method: 'get',
      path: '/groups',
      tag,
      summary: 'Groups of channels with how many each has',
      answer: {
        status: 200,
        schema: z.array(z.object({ name: z.string(), count: z.int() })),
        description: 'The groups',
      },
      run: () => [...catalog.channels.groups(enabledSources())],
    }),
  ];
}
