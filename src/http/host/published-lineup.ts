import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Channel } from '../../catalog/contract.ts';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { channelQueryOf } from '../../lineup/lineup.ts';
import { factsFor, factsView } from '../facts-view.ts';
import type { Services } from '../services.ts';
import type { lineup } from './schemas.ts';

const pageSize = 1_000;

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);

/** The output a host asks for: by id, else the first one. NOT_FOUND when there is none. */
export function hostOutput({ config }: Pick<Services, 'config'>, id?: string | null): OutputConfig {
  const { outputs } = config.current;
  const found = id === undefined || id === null ? outputs[0] : outputs.find((output) => output.id === id);
  if (found === undefined) throw new CoaxError('NOT_FOUND', `There is no output ${id ?? ''}`);
  return found;
}

/** Changes when, and only when, the channels that a host gets would. What was learned by playing them does not count. */
export function lineupRevision(
  { catalog, config }: Pick<Services, 'catalog' | 'config'>,
  output: OutputConfig,
): string {
  const sources = config.current.sources.filter(({ enabled }) => enabled).map(({ id }) => id);
  return digest([catalog.generation.lineup, output.id, output.token, output.groups, output.profile, sources]);
}

function channelView(output: OutputConfig, channel: Channel): z.input<typeof lineup>['channels'][number] {
  const { id, name, number, radio, groups, logo } = channel;
  const version = logo === null ? '' : digest(logo).slice(0, 10);
  return {
    id,
    name,
    number,
    radio,
    groups: [...groups],
    logo: logo === null ? null : `/o/${output.token}/logo/${id}?v=${version}`,
    facts: factsView(factsFor(output, channel)),
  };
}

/** The channels of an output, in order, with what is known of each now. Reads page by page, so that streams go on. */
export async function publishedChannels(
  services: Pick<Services, 'catalog' | 'config'>,
  output: OutputConfig,
): Promise<z.input<typeof lineup>['channels']> {
  const query = { ...channelQueryOf(services.config.current, output), limit: pageSize };
  const channels: z.input<typeof lineup>['channels'] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = services.catalog.channels.list(cursor === undefined ? query : { ...query, cursor });
    for (const channel of page.items) channels.push(channelView(output, channel));
    cursor = page.next;
    // oxlint-disable-next-line no-await-in-loop -- one page in a turn
    if (cursor !== null) await new Promise(setImmediate);
  }
  return channels;
}

/** Counts the channels of an output; once for each state of the lineup. */
export class ChannelCount {
  readonly #services: Pick<Services, 'catalog' | 'config'>;
  #known = { revision: '', count: 0 };

  constructor(services: Pick<Services, 'catalog' | 'config'>) {
    this.#services = services;
  }

  of(output: OutputConfig, revision: string): number {
    if (this.#known.revision !== revision) {
      const query = { ...channelQueryOf(this.#services.config.current, output), limit: 1 };
      this.#known = { revision, count: this.#services.catalog.channels.list(query).total };
    }
    return this.#known.count;
  }
}
