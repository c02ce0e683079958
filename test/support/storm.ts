import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from './raw-client.ts';

/** Addresses a storm may ask, and a port that leads to the same engine but can vanish. */
export interface StormTargets {
  readonly live: readonly string[];
  readonly movies: readonly string[];
  readonly via: number;
}

export const stormKinds = [
  'reset before the answer',
  'reset in the middle of a channel',
  'closed in the middle of a channel',
  'half closed',
  'never reads, then resets',
  'gives up while it waits',
  'HEAD and away',
  'half a request',
  'ranges of a movie',
  'zaps',
  'closed before the answer',
  'reset behind a proxy',
] as const;
export type StormKind = (typeof stormKinds)[number];

/** Numbers that look random and are the same in each run (mulberry32), so that a storm that fails can be had again. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

type Act = (targets: StormTargets, viewer: string, random: (below: number) => number) => Promise<number>;

const pick = <Item>(items: readonly Item[], random: (below: number) => number): Item => {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
const ask = (url: string, viewer: string, headers: Record<string, string> = {}, method = 'GET') =>
  RawClient.send(url, { method, headers: { 'user-agent': viewer, ...headers } });

/** Reads a little of whatever comes within `ms`; a server that closes or keeps one waiting is fine here. */
async function taste(client: RawClient, ms: number): Promise<void> {
  await client.read(20_000, ms).catch(() => undefined);
}

/** What each kind does, and how many connections it broke off. */
const acts: Readonly<Record<StormKind, Act>> = {
  'reset before the answer': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), viewer);
    await sleep(random(3) * 4);
    client.reset();
    return 1;
  },
  'closed before the answer': async ({ live, movies }, viewer, random) => {
    const client = await ask(pick([...live, ...movies], random), viewer);
    client.close();
    return 1;
  },
  'reset in the middle of a channel': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), viewer);
    await taste(client, 250);
    client.reset();
    return 1;
  },
  'closed in the middle of a channel': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), viewer);
    await taste(client, 250);
    client.close();
    return 1;
  },
  'half closed': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), viewer);
    await sleep(random(60));
    client.socket.end();
    await sleep(random(60));
    client.reset();
    return 1;
  },
  'never reads, then resets': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), viewer);
    client.stopReading();
    await sleep(50 + random(100));
    client.reset();
    return 1;
  },
  'gives up while it waits': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), `${viewer}-late`);
    await sleep(20 + random(120));
    client.reset();
    return 1;
  },
  'HEAD and away': async ({ live, movies }, viewer, random) => {
    for (const url of [pick(live, random), pick(movies, random)]) (await ask(url, viewer, {}, 'HEAD')).reset();
    return 2;
  },
  'half a request': async ({ live }, viewer, random) => {
    const client = await ask(pick(live, random), `${viewer}\r\nx-open: end`, { connection: 'keep-alive' });
    client.socket.write('GET /o/');
    client.reset();
    return 1;
  },
  'ranges of a movie': async ({ movies }, viewer, random) => {
    const url = pick(movies, random);
    const clients: RawClient[] = [];
    for (let index = 0; index < 3; index += 1) {
      clients.push(await ask(url, viewer, { range: `bytes=${random(60) * 1_000_000}-` }));
      await sleep(random(30));
    }
    const last = clients.at(-1);
    if (last !== undefined) await taste(last, 250);
    for (const client of clients) {
      if (random(2) === 0) client.reset();
      else client.close();
    }
    return clients.length;
  },
  zaps: async ({ live }, viewer, random) => {
    const clients: RawClient[] = [];
    for (let index = 0; index < 4; index += 1) {
      clients.push(await ask(pick(live, random), viewer));
      await sleep(random(25));
      if (random(2) === 0) clients[index]?.reset();
    }
    const last = clients.at(-1);
    if (last !== undefined) await taste(last, 250);
    for (const client of clients) client.reset();
    return clients.length;
  },
  'reset behind a proxy': async ({ live, via }, viewer, random) => {
    const client = await RawClient.send(pick(live, random), { via, headers: { 'user-agent': viewer } });
    await sleep(random(40));
    client.reset();
    return 1;
  },
};

/** Breaks connections of all kinds off, `workers` at a time, until `count` of them are broken. Resolves with how many of each kind. */
export async function storm(
  targets: StormTargets,
  {
    count,
    workers,
    seed,
    kinds = stormKinds,
  }: {
    readonly count: number;
    readonly workers: number;
    readonly seed: number;
    readonly kinds?: readonly StormKind[];
  },
): Promise<Readonly<Record<StormKind, number>>> {
  const random = seededRandom(seed);
  const done = Object.fromEntries(stormKinds.map((kind) => [kind, 0])) as Record<StormKind, number>;
  let total = 0;
  const work = async (worker: number): Promise<void> => {
    while (total < count) {
      const kind = pick(kinds, random);
      // Some viewers use several connections at once, and some are alone.
      const broken = await acts[kind](targets, `storm-${worker % Math.ceil(workers / 2)}`, random);
      total += broken;
      done[kind] += broken;
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return done;
}
