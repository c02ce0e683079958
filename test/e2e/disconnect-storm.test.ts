import { readdirSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { programNumberOf } from '../support/fake-provider/live-loop.ts';
import { DroppingProxy, RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';
import { storm, stormKinds, type StormTargets } from '../support/storm.ts';

/** Sockets that a process holds; empty where there is no /proc. */
function socketsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
      } catch {
        return false;
      }
    }).length;
  } catch {
    return 0;
  }
}

async function targetsOf(rig: Rig, via: number): Promise<StormTargets> {
  const live = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => rig.engine.liveUrl(`Channel ${number}`)));
  return { live, movies: await Promise.all([0, 1, 2].map((index) => rig.engine.movieUrl(index))), via };
}

const settings = { ...quickSettings, live: { ...quickSettings.live, lingerMs: 150 }, accounts: { waitMs: 1500 } };
const logins = [
  { username: 'first', password: 'first-secret-1', maxConnections: 2 },
  { username: 'second', password: 'second-secret-2', maxConnections: 1 },
];

describe('a storm of clients that go without a word', function () {
  this.timeout(60_000);

  for (const { what, provider, limit, seed, count } of [
    { what: 'one connection', provider: { max: 1 }, limit: 1, seed: 1, count: 520 },
    { what: 'three connections of two logins', provider: { logins }, limit: 2, seed: 2, count: 520 },
  ]) {
    it(`leaves nothing behind on ${what}: the limit held throughout, and the next viewer plays at once`, async () => {
      await using rig = await startRig({ provider, engine: { settings } });
      await using proxy = new DroppingProxy(rig.engine.port);
      const targets = await targetsOf(rig, await proxy.start());
      const before = socketsOf(rig.engine.pid);

      const done = await storm(targets, { count, workers: 14, seed });
      // Some vanish for good: nobody closes their connections, and only their not reading tells.
      await rig.quiet();
      await rig.provider.behave({ burstBytes: 14_000_000, headDelayMs: 400 });
      using vanished = new DisposableStack();
      for (let index = 0; index < 5; index += 1) {
        const gone = vanished.use(await RawClient.send(targets.live[0] ?? '', { via: targets.via }));
        gone.stopReading();
      }
      await waitUntil('they are served', async () => (await rig.sync()).consumers === 5);
      proxy.drop();

      const total = Object.values(done).reduce((sum, broken) => sum + broken, 0);
      expect(total).to.be.at.least(count);
      expect(stormKinds.filter((kind) => done[kind] === 0)).to.deep.equal([]);

      const state = await rig.quiet(20_000);
      for (const login of state.logins) {
        expect(login, `the provider's own count for ${login.username}`).to.include({ open: 0, held: 0, refused: 0 });
        expect(login.peak).to.be.at.most(limit);
      }
      expect(state.opened, 'connections the provider has seen').to.be.greaterThan(8);
      expect(await rig.sync()).to.deep.include({ leases: 0, relays: 0, vodSessions: 0, consumers: 0, mismatches: [] });
      for (const account of await rig.accounts()) expect(account).to.deep.include({ leases: [], waiters: 0 });
      // Idle connections of this test's own questions end within a few seconds.
      await waitUntil('the sockets are closed', () => socketsOf(rig.engine.pid) <= before + 4, 12_000, 200);
      expect(rig.engine.said).to.not.match(/ ERROR | unhandled|mismatch/i);

      using viewer = await rig.watch(2, 'afterwards');
      expect(programNumberOf(await viewer.read(188 * 20))).to.equal(2);
      viewer.close();
      expect((await rig.quiet()).refused).to.equal(0);
    });
  }
});
