import { expect } from 'chai';
import fc from 'fast-check';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import type { StreamId } from '../../src/model/ids.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { fakeTime } from '../support/fake-time.ts';
import { checkTs } from '../support/ts-check.ts';
import { expectNothingLeft } from './nothing-left.ts';
import { World } from './world.ts';

const numRuns = Number(process.env['RUNS'] ?? 60);
const streams = ['s1', 's2', 's3', 's4'] as const;
/** Two streams share an account with one connection, one has two accounts, one has an account with room. */
const limits = { a1: 1, a2: 1, a3: 2 } as const;
const setup = {
  streams: { c1: ['s1', 's2', 's3', 's4'], c2: ['s3', 's1'], c3: ['s4'] },
  accounts: { a2: limits.a2, a3: limits.a3 },
  accountsOf: { s1: ['a1'], s2: ['a1'], s3: ['a2', 'a3'], s4: ['a3'] },
} as const;
const pingPongMs = 20_000;

type Step =
  | { readonly do: 'open'; readonly channel: string; readonly who: string; readonly slates: boolean }
  | { readonly do: 'reset'; readonly n: number }
  | { readonly do: 'end' | 'silence' | 'rubbish' | 'speak'; readonly stream: string }
  | { readonly do: 'break'; readonly stream: string; readonly how: number }
  | { readonly do: 'mend' | 'stop' }
  | { readonly do: 'next'; readonly asked: string | null }
  | { readonly do: 'wait'; readonly ms: number };

const stream = fc.constantFrom(...streams);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      channel: fc.constantFrom('c1', 'c1', 'c2', 'c3'),
      who: fc.constantFrom('v1', 'v2', 'v3'),
      slates: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), n: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('end', 'silence', 'rubbish', 'speak'), stream }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('break' as const), stream, how: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'mend' }, { do: 'mend' }, { do: 'stop' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('next' as const), asked: fc.option(stream) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(4, 200, 600, 1_400, 6_000, 21_000) }),
  },
);

const errors = [
  () => new CoaxError('UPSTREAM_NOT_FOUND'),
  () => new CoaxError('UPSTREAM_UNREACHABLE'),
  () => new CoaxError('UPSTREAM_BAD_CONTENT'),
  () => new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'),
] as const;

interface Change {
  readonly session: string;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly atMs: number;
}

/** One run of the model. */
class Play {
  readonly changes: Change[] = [];
  readonly world: World;
  readonly #clock: sinon.SinonFakeTimers;
  readonly #silent = new Set<string>();
  readonly #rubbish = new Set<string>();
  byHand = 0;

  constructor(clock: sinon.SinonFakeTimers) {
    this.#clock = clock;
    this.world = new World({
      ...setup,
      limit: limits.a1,
      settings: { lingerMs: 1_000, slateMs: 20_000 },
      observer: { ...blindObserver, switched: (reason) => this.#switched(reason) },
    });
  }

  async act(now: Step): Promise<void> {
    const { world } = this;
    if (now.do === 'open') world.open(now.channel, now.who, { slates: now.slates });
    else if (now.do === 'reset') world.players[now.n % Math.max(1, world.players.length)]?.reset();
    else if (now.do === 'silence') this.#silent.add(now.stream);
    else if (now.do === 'rubbish') this.#rubbish.add(now.stream);
    else if (now.do === 'speak') {
      this.#silent.delete(now.stream);
      this.#rubbish.delete(now.stream);
    } else if (now.do === 'end') {
      for (const upstream of world.openUpstreams) if (upstream.path === now.stream) upstream.end();
    } else if (now.do === 'break') world.broken.set(now.stream, (errors[now.how] ?? errors[0])());
    else if (now.do === 'mend') world.broken.clear();
    else if (now.do === 'stop') this.#stop();
    else if (now.do === 'next') this.#next(now.asked as StreamId | null);
    await this.pass(now.do === 'wait' ? now.ms : 10);
  }

  /** Time passes, and what is open sends. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 200) {
      for (const upstream of this.world.openUpstreams) {
        if (this.#rubbish.has(upstream.path)) upstream.rubbish(500);
        else if (!this.#silent.has(upstream.path)) upstream.send(5);
      }
      this.check();
      // oxlint-disable-next-line no-await-in-loop -- time passes step by step
      await this.#clock.tickAsync(Math.min(200, left));
      this.check();
    }
  }

  check(): void {
    const { world } = this;
    const leases = world.pool.leases();
    for (const [account, limit] of Object.entries(limits)) {
      const held = leases.filter(({ accountId }) => String(accountId) === account).length;
      const open = world.openUpstreams.filter((upstream) => upstream.account === account).length;
      expect(held, `leases of ${account}`).to.be.at.most(limit);
      expect(open, `upstreams of ${account}`).to.be.at.most(held);
    }
    const alive = world.upstreams.filter(({ socket }) => !socket.destroyed);
    const ways = alive.map(({ path, account }) => `${path} ${account}`);
    expect(new Set(ways).size, 'one upstream for each stream and account').to.equal(ways.length);
    const sessions = world.relays.snapshot();
    const changing = sessions.filter(({ state }) => state !== 'closing').length;
    expect(alive.length, 'one upstream for each relay, two while it changes').to.be.at.most(2 * changing);
    const consumers = sessions.flatMap((session) => session.consumers).length;
    const piped = world.players.filter((player) => player.isPiped).length;
    expect(consumers, 'consumers').to.be.at.least(piped);
  }

  /** To and fro and to again needs 20 s, but for what was switched by hand. */
  checkChanges(): void {
    const own = this.changes.filter(({ reason }) => reason !== 'by-hand');
    for (const [n, change] of own.entries()) {
      const before = own.slice(0, n).filter(({ session }) => session === change.session);
      const [first, second] = before.slice(-2);
      if (first === undefined || second === undefined) continue;
      const isThird =
        first.from === change.from && first.to === change.to && second.from === change.to && second.to === change.from;
      if (isThird) expect(change.atMs - first.atMs, 'to and fro').to.be.above(pingPongMs);
    }
  }

  #next(asked: StreamId | null): void {
    for (const { id } of this.world.relays.snapshot().slice(0, 1))
      this.world.relays.next(id, asked).then(
        () => {
          this.byHand++;
        },
        () => {},
      );
  }

  /** Stop wins, whoever watches. */
  #stop(): void {
    const [session] = this.world.relays.snapshot().filter(({ state }) => state !== 'closing');
    if (session === undefined) return;
    const watching = this.world.players.filter(({ consumer }) => consumer?.relayId === session.id);
    this.world.relays.stop(session.id);
    expect(watching.some((player) => player.isPiped)).to.equal(false);
  }

  #switched(reason: string): void {
    for (const { id, failover } of this.world.relays.snapshot()) {
      const last = failover?.lastSwitch;
      const isNew =
        last !== undefined && this.changes.filter(({ session }) => session === id).length < (failover?.switches ?? 0);
      if (last === undefined || !isNew) continue;
      const [from, to] = [`${last.from} ${last.fromAccount}`, `${last.to} ${last.toAccount}`];
      this.changes.push({ session: id, reason, from, to, atMs: performance.now() });
    }
  }
}

describe('Failover under random failures', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  it('keeps to the limits, never opens a stream twice, gives one stream to each player, and leaves nothing behind', async function () {
    this.timeout(60_000);
    const seen = { switched: 0, byHand: 0, reopened: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
        clock.reset();
        const play = new Play(clock);
        const { world } = play;
        // oxlint-disable-next-line no-await-in-loop -- the steps come one after the other
        for (const now of steps) await play.act(now);
        play.checkChanges();
        for (const player of world.players) {
          const { bytes } = player.socket;
          if (bytes.length > 0)
            expect(checkTs(bytes)).to.deep.include({ aligned: true, continuityErrors: [], timeJumps: [] });
        }
        if (play.changes.some(({ reason }) => reason !== 'by-hand')) seen.switched++;
        if (play.byHand > 0) seen.byHand++;
        if (world.relays.snapshot().some(({ reconnects }) => reconnects > 0)) seen.reopened++;
        await expectNothingLeft(world, clock);
      }),
      { numRuns },
    );
    // The steps did lead to what is to be checked.
    if (numRuns >= 60) for (const [what, runs] of Object.entries(seen)) expect(runs, what).to.be.above(0);
  });
});
