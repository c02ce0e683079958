import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { playing } from '../relay/stage.ts';
import type { RawClient } from '../support/raw-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Theatre } from './theatre.ts';

const maxRunning = 3;
const profiles = ['one', 'two'].map((name) => ({ name, command: '-c copy' }));

type Act =
  | { readonly kind: 'tune'; readonly channel: string; readonly profile: string; readonly who: string }
  | { readonly kind: 'leave' | 'kill' | 'stop' | 'break'; readonly which: number; readonly hard: boolean };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('tune' as const),
      channel: fc.constantFrom('a', 'b'),
      profile: fc.constantFrom('one', 'two', 'copy'),
      who: fc.constantFrom('v1', 'v2', 'v3'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'leave' as const, 'kill' as const, 'stop' as const, 'break' as const),
      which: fc.nat(9),
      hard: fc.boolean(),
    }),
  },
);

describe('Transcodes under random use', function () {
  this.timeout(60_000);
  let folder: string;
  let program: string;
  before(function () {
    if (process.platform === 'win32') this.skip();
    folder = mkdtempSync(join(tmpdir(), 'coax-stages-'));
    // What comes in goes out: all that ffmpeg is to a stage.
    program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\nexec cat\n');
    chmodSync(program, 0o755);
  });
  after(() => folder !== undefined && rmSync(folder, { recursive: true }));

  /** Transcodes that are not on their way out. */
  const runningOf = (world: Theatre) => world.views.filter(({ state }) => state !== 'closing' && state !== 'closed');

  /** True when everybody behind ffmpeg has a place before it, by which the channel's relay knows for whom it runs. */
  function allHavePlaces(world: Theatre): boolean {
    const sources = world.stage.relays.snapshot();
    return runningOf(world).every(({ channelId, consumers }) => {
      const places = sources.filter((source) => source.channelId === channelId).flatMap((source) => source.consumers);
      return consumers.every(({ viewer }) => places.some((place) => place.viewer.key === viewer.key));
    });
  }

  async function check(world: Theatre): Promise<void> {
    expect(world.slots.running, 'children at once').to.be.at.most(maxRunning);
    const keys = runningOf(world).map(({ channelId, transcode }) => `${channelId}/${transcode?.profile}`);
    expect(new Set(keys).size, 'one for all who want the same').to.equal(keys.length);
    expect(world.stage.provider.most, 'connections at once').to.be.at.most(2);
    // Where the channel's relay has ended, what ffmpeg still has goes out first.
    await waitUntil('everybody has a place at the channel', () => allHavePlaces(world));
  }

  async function run(acts: readonly Act[]): Promise<void> {
    const world = await Theatre.start({
      limit: 2,
      program,
      settings: { lingerMs: 30 },
      waitMs: 300,
      transcode: { profiles, maxRunning, stallMs: 60_000 },
    });
    const pids = new Set<number>();
    try {
      for (const name of ['a', 'b']) world.stage.provider.answer(`/${name}.ts`, playing({ burst: 60 }));
      const clients: RawClient[] = [];
      for (const one of acts) {
        // oxlint-disable-next-line no-await-in-loop -- one act after the other
        await perform(world, one, clients);
        for (const { transcode } of world.views) if (transcode?.pid !== undefined) pids.add(transcode.pid);
        // oxlint-disable-next-line no-await-in-loop
        await check(world);
      }
      for (const client of clients) client.close();
      await waitUntil('nothing plays', () => world.transcodes.snapshot().length === 0);
      await waitUntil('the provider is let go', () => world.stage.provider.sockets.size === 0);
      expect(world.slots.running).to.equal(0);
      expect(world.stage.pool.leases().filter(({ state }) => state !== 'cooling')).to.deep.equal([]);
      if (process.platform === 'linux') for (const pid of pids) expect(existsSync(`/proc/${pid}`)).to.equal(false);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  }

  async function perform(world: Theatre, one: Act, clients: RawClient[]): Promise<void> {
    const pick = <Item>(items: readonly Item[]): Item | undefined =>
      one.kind === 'tune' ? undefined : items[one.which % Math.max(1, items.length)];
    if (one.kind === 'tune') {
      const client = await world.tune(one.channel, one.profile, one.who);
      clients.push(client);
      // Every other one is not waited for: what follows meets it while it is being opened.
      if (clients.length % 2 === 0) await client.head().catch(() => undefined);
    } else if (one.kind === 'leave') {
      const client = pick(clients);
      if (one.hard) client?.reset();
      else client?.close();
    } else if (one.kind === 'kill') {
      const pid = pick(world.views)?.transcode?.pid;
      if (pid !== undefined && pid !== process.pid && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    } else if (one.kind === 'stop') {
      const session = pick(world.transcodes.snapshot());
      if (session !== undefined) world.transcodes.stop(session.id);
    } else for (const socket of world.stage.provider.sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, one.kind === 'tune' ? 1 : 5));
  }

  it('keeps to its limits, serves all who want the same by one child, and leaves nothing behind', async () => {
    await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), run), { numRuns: 12 });
  });
});
