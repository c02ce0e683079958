import { z } from 'zod';
import { CoaxError } from '../../errors.ts';
import { archivesOf, isArchived } from '../../model/archive.ts';
import type { ChannelId } from '../../model/ids.ts';
import type { Programme } from '../../model/programme.ts';
import { type Route, route } from '../route.ts';
import { programme } from '../schemas.ts';
import type { Services } from '../services.ts';

const mostChannels = 200;
const mostDays = 31;
const daySec = 86_400;

const time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const unix = /^\d{9,11}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
    if (Number.isFinite(unix)) return Math.floor(unix);
    context.addIssue({ code: 'custom', message: 'has to be a time such as 2026-01-31T20:15:00Z or Unix seconds' });
    return z.NEVER;
  });

const iso = (unix: number): string => new Date(unix * 1000).toISOString();

export function guideRoutes({ catalog, guide, redact }: Services): Route[] {
  const view = (channelId: ChannelId, item: Programme, hasArchive: boolean): z.input<typeof programme> => ({
    channelId,
    start: iso(item.startUnix),
    stop: iso(item.stopUnix),
    title: item.title,
    ...(item.subtitle === undefined ? {} : { subtitle: item.subtitle }),
    ...(item.description === undefined ? {} : { description: item.description }),
    ...(item.categories === undefined ? {} : { categories: [...item.categories] }),
    ...(item.season === undefined ? {} : { season: item.season }),
    ...(item.episode === undefined ? {} : { episode: item.episode }),
    ...(item.icon === undefined ? {} : { icon: redact(item.icon) }),
    ...(item.isNew === true ? { isNew: true } : {}),
    ...(item.isPremiere === true ? { isPremiere: true } : {}),
    ...(item.isRepeat === true ? { isRepeat: true } : {}),
    ...(item.isLive === true ? { isLive: true } : {}),
    ...(hasArchive ? { hasArchive } : {}),
  });
  return [
    route({
      method: 'get',
      path: '/guide',
      tag: 'guide',
      summary: 'Programmes of some channels that touch a window of time',
      query: z.object({
        channel: z
          .union([z.string(), z.array(z.string())], { error: 'has to be the id of a channel' })
          .meta({ description: `A channel id; may be given up to ${mostChannels} times, or as a list with commas.` }),
        from: time.optional().meta({ description: 'Start of the window: ISO 8601 or Unix seconds; now when absent.' }),
        to: time.optional().meta({ description: 'End of the window; a day after its start when absent.' }),
      }),
      answer: {
        status: 200,
        schema: z.object({ items: z.array(programme), total: z.int() }),
        description: 'Programmes by channel, in order of start',
      },
      run: ({ query: { channel, from = Math.floor(Date.now() / 1000), to = from + daySec } }) => {
        const ids = [channel].flat().flatMap((text) => text.split(','));
        if (ids.length > mostChannels)
          throw new CoaxError('BAD_REQUEST', `At most ${mostChannels} channels at a time, not ${ids.length}`);
        if (to <= from || to - from > mostDays * daySec)
          throw new CoaxError('BAD_REQUEST', `The window has to end after it starts, and may last ${mostDays} days`);
        const channels = ids.map((id) => {
          const found = catalog.channels.get(id as ChannelId);
          if (found === null) throw new CoaxError('NOT_FOUND', `There is no channel ${id}`);
          return found;
        });
        const now = Math.floor(Date.now() / 1000);
        const archives = new Map(channels.map((found) => [found.id, archivesOf(found)]));
        const items = [...guide.programmesOf(channels, from, to)].flatMap(([id, programmes]) =>
          programmes.map((item) => view(id, item, isArchived(archives.get(id) ?? [], item.startUnix, now))),
        );
        return { items, total: items.length };
      },
    }),
  ];
}
