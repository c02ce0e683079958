import { expect } from 'chai';
import fc from 'fast-check';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import type { AccountId } from '../../src/model/ids.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { fakeTime } from '../support/fake-time.ts';
import type { FilmRequest } from './film.ts';
import { atTheEnd, expectAll, invariants } from './invariants.ts';
import { accounts, type LivePlayer, slateMs, stallMs, Stand, type StandOptions } from './stand.ts';

/** `MODEL_RUNS=5000 COAX_SEED=random` tries more. The seed of a run that fails is in its message. */
const numRuns = Number(process.env['MODEL_RUNS'] ?? 60);
const openMs = 6;

const who = fc.constantFrom('v1', 'v2', 'v3');
const channel = fc.constantFrom('c1', 'c2', 'c3', 'c4');
const film = fc.constantFrom('f1', 'f2');
const range = fc.constantFrom('bytes=0-', 'bytes=-1000', 'bytes=5000-', 'bytes=2000000-', 'bytes=100-90000');
const account = fc.constantFrom(...accounts);
const n = fc.nat(40);
const one = <Name extends string>(...names: Name[]) => fc.record({ do: fc.constantFrom(...names) });
const nth = <Name extends string>(...names: Name[]) => fc.record({ do: fc.constantFrom(...names), n });

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      channel,
      who,
      slates: fc.boolean(),
      recording: fc.constantFrom(false, false, true),
    }),
  },
  // The new channel first, as Jellyfin does, or the old one's end.
  { weight: 4, arbitrary: fc.record({ do: fc.constant('zap' as const), channel, n, newFirst: fc.boolean() }) },
  { weight: 3, arbitrary: nth('reset', 'pause', 'resume') },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), frames: fc.integer({ min: 5, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('film' as const), film, who, range }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('seek' as const), n, range, newFirst: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('feed' as const), bytes: fc.constantFrom(1_000, 300_000) }) },
  { weight: 2, arbitrary: nth('reset-film', 'pause-film', 'resume-film') },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('head' as const), film }) },
  { weight: 2, arbitrary: one('end', 'stray', 'fail', 'refuse', 'full', 'fail-film', 'break-film') },
  { weight: 1, arbitrary: one('stall') },
  { weight: 2, arbitrary: nth('stop', 'stop-gone') },
  { weight: 3, arbitrary: nth('switch') },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('limit' as const), account, limit: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'restore' as const), account }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('others' as const), account, count: fc.nat(2) }) },
  { weight: 1, arbitrary: one('audit') },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 6, 60, 250, 700, 2_500) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const options: fc.Arbitrary<StandOptions> = fc.record({
  limits: fc.record({ a1: fc.constantFrom(1, 1, 2, 3), a2: fc.constantFrom(1, 2) }),
  preempt: fc.constantFrom(true, true, false),
  pretune: fc.boolean(),
  perUser: fc.constantFrom(0, 0, 1, 2),
  perOutput: fc.constantFrom(0, 0, 3),
  lingerMs: fc.constantFrom(0, 1_000),
});

describe('Everything that plays, whatever happens in whatever order', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  /** What the steps led to; a model that never gets somewhere proves nothing. */
  const seen = new Map<string, number>();
  const note = (what: string, happened = true): void => {
    if (happened) seen.set(what, (seen.get(what) ?? 0) + 1);
  };

  const pick = <Item>(list: readonly Item[], at: number): Item | undefined => list[at % Math.max(1, list.length)];

  /** C2, I4: the client's `close` runs the whole release, in its own turn. */
  function resetPlayer(stand: Stand, player: LivePlayer): void {
    const id = player.consumer?.relayId;
    const before = stand.sessions().find((session) => session.id === id);
    const wasPiped = player.isPiped;
    player.reset();
    const after = stand.sessions().find((session) => session.id === id);
    if (wasPiped && before !== undefined)
      expect(after?.consumers.length ?? 0, 'C2, I4: left in its own turn').to.equal(before.consumers.length - 1);
    if (after === undefined || stand.options.lingerMs > 0 || after.consumers.length > 0) return;
    if (after.heldFor !== undefined || !wasPiped) return;
    expect(after.state, 'C2: the last one out closes it in the same turn').to.equal('closing');
  }

  function resetFilm(stand: Stand, request: FilmRequest): void {
    const wasOpen = request.isOpen;
    request.response.reset();
    const readers = stand.films.snapshot().flatMap(({ consumers }) => consumers).length;
    const others = stand.requests.filter((each) => each !== request && !each.response.closed).length;
    if (wasOpen) expect(readers, 'C2: a request of a film leaves in its own turn').to.be.at.most(others);
    if (others === 0)
      for (const { socket } of stand.filmProvider.bodies)
        expect(socket.destroyed, 'C2: nobody reads: the socket is closed in the same turn').to.equal(true);
  }

  function act(stand: Stand, now: Step): void {
    const { players, requests } = stand;
    switch (now.do) {
      case 'open':
        stand.open(now.channel, now.who, now.slates, now.recording ? 'recording' : 'live');
        break;
      case 'zap': {
        const old = pick(
          players.filter((player) => player.isThere && player.purpose === 'live'),
          now.n,
        );
        if (old === undefined) break;
        if (!now.newFirst) resetPlayer(stand, old);
        stand.open(now.channel, old.who, old.slates, 'live');
        break;
      }
      case 'reset': {
        const player = pick(players, now.n);
        if (player !== undefined) resetPlayer(stand, player);
        break;
      }
      case 'pause':
      case 'resume': {
        const player = pick(players, now.n);
        if (player === undefined) break;
        player.socket.reading = now.do === 'resume';
        if (now.do === 'resume') player.socket.flush();
        break;
      }
      case 'send':
        for (const upstream of stand.live) upstream.send(now.frames);
        break;
      case 'film':
        stand.get(now.film, now.who, now.range);
        break;
      case 'seek': {
        const old = pick(
          requests.filter((request) => request.isOpen),
          now.n,
        );
        if (old === undefined) break;
        if (!now.newFirst) resetFilm(stand, old);
        stand.get(old.film, old.who, now.range);
        if (now.newFirst) resetFilm(stand, old);
        break;
      }
      case 'feed':
        for (const body of stand.filmProvider.bodies) body.feed(now.bytes);
        break;
      case 'reset-film': {
        const request = pick(requests, now.n);
        if (request !== undefined) resetFilm(stand, request);
        break;
      }
      case 'pause-film':
      case 'resume-film': {
        const request = pick(requests, now.n);
        if (request === undefined) break;
        if (now.do === 'resume-film') request.response.resume();
        else request.response.reading = false;
        break;
      }
      case 'head': {
        const before = [stand.pool.leases().length, stand.pool.waiting, stand.pool.seats.size];
        expect(stand.films.head(stand.film(now.film)).status).to.equal(200);
        const after = [stand.pool.leases().length, stand.pool.waiting, stand.pool.seats.size];
        expect(after, 'S5, I13: HEAD takes nothing').to.deep.equal(before);
        break;
      }
      case 'end':
        stand.live.at(-1)?.end();
        break;
      case 'stray':
        for (const { upstream } of stand.upstreams) if (upstream.socket.destroyed) upstream.stray(3);
        break;
      case 'fail':
        stand.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
        break;
      case 'refuse':
        stand.failures.push(new CapacityRefusal(new CoaxError('UPSTREAM_REFUSED'), 'doubtful'));
        break;
      case 'full':
        stand.failures.push(new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'));
        break;
      case 'fail-film':
        stand.filmProvider.failures.push(new CoaxError('UPSTREAM_ERROR'));
        break;
      case 'break-film':
        stand.filmProvider.bodies.at(-1)?.destroy();
        break;
      case 'switch': {
        const id = pick(stand.relays.snapshot(), now.n)?.id;
        if (id === undefined) break;
        stand.relays.next(id, null).then(
          () => note('switched by hand'),
          () => {},
        );
        break;
      }
      case 'stop': {
        const id = pick(stand.sessions(), now.n)?.id;
        if (id === undefined) break;
        const stopped = stand.relays.stop(id) || stand.films.stop(id);
        const left = stand.sessions().find((session) => session.id === id)?.consumers ?? [];
        if (stopped) expect(left, 'I19: stop wins, in the same turn').to.deep.equal([]);
        expect(stand.relays.stop(id) || stand.films.stop(id), 'I3: and only once').to.equal(false);
        break;
      }
      case 'stop-gone': {
        const before = stand.sessions().length;
        expect(stand.relays.stop(`live-gone-${now.n}` as never), 'I2: an id that is gone means nobody').to.equal(false);
        expect(stand.sessions().length).to.equal(before);
        break;
      }
      case 'limit':
        stand.limits.set(now.account, now.limit);
        stand.applyAccounts();
        break;
      case 'remove':
        stand.removed.add(now.account);
        stand.applyAccounts();
        break;
      case 'restore':
        stand.removed.delete(now.account);
        stand.applyAccounts();
        break;
      case 'others':
        stand.pool.noteActiveConnections(now.account as string as AccountId, now.count);
        break;
      case 'audit':
        expect(stand.auditor.run(), 'I15: nothing has to be put right').to.deep.equal([]);
        break;
      default:
    }
  }

  const durationOf = (now: Step): number => {
    if (now.do === 'wait') return now.ms;
    if (now.do === 'stall') return stallMs + 500;
    return ['open', 'zap', 'film', 'seek'].includes(now.do) ? openMs : 0;
  };

  /** I12: who reads has all there is, whoever else does not. */
  function checkReaders(stand: Stand): void {
    for (const player of stand.players)
      if (player.isPiped && player.socket.reading) expect(player.socket.writableLength, 'I12').to.equal(0);
  }

  async function play(of: StandOptions, steps: readonly Step[]): Promise<void> {
    const stand = new Stand(of);
    expect([stand.pool.leases().length, stand.pool.seats.size], 'I20: nothing is held at the start').to.deep.equal([
      0, 0,
    ]);
    for (const now of steps) {
      act(stand, now);
      expectAll(stand, invariants);
      // oxlint-disable-next-line no-await-in-loop -- the steps come one after the other
      await clock.tickAsync(durationOf(now));
      expectAll(stand, invariants);
      checkReaders(stand);
      look(stand);
    }
    for (const player of stand.players) player.reset();
    for (const request of stand.requests) request.response.reset();
    await clock.tickAsync(slateMs + 30_000);
    expectAll(stand, invariants);
    expectAll(stand, atTheEnd);
    expect(clock.countTimers(), 'timers left').to.equal(0);
  }

  function look(stand: Stand): void {
    const sessions = stand.relays.snapshot();
    note(
      'a slate',
      sessions.some(({ state }) => state === 'slate'),
    );
    note(
      'a recording that took a connection',
      sessions.some(({ reason }) => reason === 'A recording needs this connection') ||
        stand.players.some(({ error }) => error?.details?.['by'] === 'recording'),
    );
    note(
      'shared by several',
      sessions.some(({ consumers }) => consumers.length > 1),
    );
    note('opened ahead', stand.pretune.size > 0);
    note(
      'a limit of a user or output',
      stand.players.some(({ code }) => code === 'LIMIT_REACHED'),
    );
    note(
      'taken over by the next channel',
      stand.players.some(({ code }) => code === 'TAKEN_OVER'),
    );
    note(
      'a film beside a channel',
      stand.pool.leases().some(({ purpose }) => purpose === 'vod') && sessions.length > 0,
    );
    note(
      'opened anew',
      sessions.some(({ reconnects }) => reconnects > 0),
    );
    note(
      'over a lowered limit',
      accounts.some((name) => stand.leasesOf(name).length > (stand.limits.get(name) ?? 0)),
    );
  }

  it('keeps every invariant of the connections (I1 to I20) and promise (C1 to C7), and comes to rest', async function () {
    this.timeout(Math.max(60_000, numRuns * 1_000));
    await fc.assert(
      fc.asyncProperty(options, fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (of, steps) => {
        clock.reset();
        await play(of, steps);
      }),
      { numRuns },
    );
    const wanted = [
      'a slate',
      'a recording that took a connection',
      'shared by several',
      'opened ahead',
      'a limit of a user or output',
      'taken over by the next channel',
      'a film beside a channel',
      'switched by hand',
      'over a lowered limit',
    ];
    if (process.env['MODEL_RUNS'] !== undefined) console.log(seen);
    if (numRuns >= 60) for (const what of wanted) expect(seen.get(what) ?? 0, what).to.be.above(0);
  });

  it('C5: on one connection the next channel of the only viewer never fails, whatever they did before', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(channel, fc.boolean(), fc.integer({ min: 0, max: 400 })), { maxLength: 12 }),
        async (zaps) => {
          clock.reset();
          const limits = { a1: 1, a2: 1 };
          const stand = new Stand({ limits, preempt: false, pretune: true, perUser: 1, perOutput: 1, lingerMs: 1_000 });
          stand.removed.add('a2');
          stand.applyAccounts();
          let last: LivePlayer | undefined;
          for (const [name, newFirst, ms] of zaps) {
            if (!newFirst) last?.reset();
            const old = last;
            last = stand.open(name, 'v1', false, 'live');
            // oxlint-disable-next-line no-await-in-loop
            await clock.tickAsync(ms);
            if (newFirst) old?.reset();
            for (const upstream of stand.live) upstream.send(20);
          }
          if (last === undefined) return;
          for (let tries = 0; tries < 4; tries++) {
            // oxlint-disable-next-line no-await-in-loop
            await clock.tickAsync(200);
            for (const upstream of stand.live) upstream.send(20);
          }
          await clock.tickAsync(0);
          expect([last.isPiped, last.socket.bytes.length > 0, last.code]).to.deep.equal([true, true, null]);
          last.reset();
          await clock.tickAsync(20_000);
          expectAll(stand, atTheEnd);
        },
      ),
      { numRuns: Math.max(20, numRuns / 2) },
    );
  });
});
