import { expect } from 'chai';
import { checkTs } from '../support/ts-check.ts';
import { accounts, ringBytes, stallMs, startMs, type Stand } from './stand.ts';

/** Errors that players may be told. */
const codes = new Set([
  'NO_CAPACITY',
  'LIMIT_REACHED',
  'TAKEN_OVER',
  'STREAM_STOPPED',
  'SLOW_CONSUMER',
  'CANCELLED',
  'NO_STREAM',
  'UPSTREAM_ENDED',
  'UPSTREAM_ERROR',
  'UPSTREAM_REFUSED',
  'UPSTREAM_CAPACITY',
  'UPSTREAM_STALLED',
  'UPSTREAM_NOT_FOUND',
]);
/** What may never be otherwise, after each step of whatever happens; I1 to I20 are proxies.md c.6, C1 to C7 the design's promises. */
export const invariants: Readonly<Record<string, (stand: Stand) => void>> = {
  'I1, I3, C3: every lease has one owner, which is there': (stand) => {
    const ids = new Set(stand.sessions().map(({ id }) => id));
    const leases = stand.pool.leases();
    for (const lease of leases) if (!lease.ended) expect(ids.has(lease.holder.sessionId), 'its session').to.equal(true);
    const named = stand.sessions().flatMap(({ leaseId }) => leaseId ?? []);
    expect(new Set(named).size, 'sessions that name the same lease').to.equal(named.length);
  },
  'I2: no two sessions have the same id': (stand) => {
    const ids = stand.sessions().map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  },
  'I5, C1: sockets ≤ leases ≤ limit, whenever one is granted': (stand) => {
    expect(stand.problems).to.deep.equal([]);
    const sockets = [...stand.providerSockets()];
    for (const account of accounts) {
      const leases = stand.leasesOf(account);
      const open = sockets.filter((one) => one.account === account);
      expect(open.length, `sockets on ${account}`).to.be.at.most(leases.length);
    }
  },
  'I5: what users and outputs watch is within their limits': (stand) => {
    for (const { scope, used, limit } of stand.pool.seats.view()) expect(used, scope).to.be.at.most(limit ?? used);
  },
  'I6: nobody is in a session that closes': (stand) => {
    for (const { state, consumers } of stand.sessions()) if (state === 'closing') expect(consumers).to.deep.equal([]);
  },
  'I14: what is kept is bounded': (stand) => {
    for (const { kind, bufferedBytes } of stand.sessions())
      if (kind === 'live') expect(bufferedBytes).to.be.at.most(ringBytes * 1.5);
    expect(stand.pretune.size).to.be.at.most(8);
    const open = stand.requests.filter((one) => one.isOpen).length + stand.players.filter((one) => one.isThere).length;
    expect(stand.pool.waiting, 'requests').to.be.at.most(open + stand.pretune.size + stand.sessions().length);
  },
  'I15: the auditor finds nothing': (stand) => {
    expect(stand.auditor.audit()).to.deep.equal([]);
  },
  'I16, C6: what is listed is what is there': (stand) => {
    const live = stand.relays.snapshot().flatMap(({ consumers }) => consumers).length;
    const piped = stand.players.filter(({ isPiped }) => isPiped).length;
    expect(live, 'live consumers').to.be.within(piped, stand.players.filter((one) => one.isThere).length);
    const held = new Map(stand.pool.leases().map((lease) => [String(lease.id), lease]));
    for (const { id, leaseId } of stand.sessions()) {
      const lease = leaseId === undefined ? undefined : held.get(leaseId);
      if (lease !== undefined) expect(lease.holder.sessionId).to.equal(id);
    }
  },
  'I17: who waits is told something that makes sense': (stand) => {
    for (const { code } of [...stand.players, ...stand.requests]) if (code !== null) expect(codes).to.include(code);
  },
  'I18: a slate holds no lease: one that is there is of an attempt that goes on behind it': (stand) => {
    for (const { reason, leaseId } of stand.relays.snapshot()) {
      const lease = stand.pool.leases().find(({ id }) => String(id) === leaseId);
      // A reconnect goes on on the lease there is.
      if (reason === 'A recording needs this connection' && lease !== undefined && !lease.ended)
        expect(Date.now() - lease.since, reason).to.be.at.most(2 * startMs + stallMs);
    }
  },
  'S1: a stream is open once on an account': (stand) => {
    const open = stand.upstreams
      .filter(({ upstream }) => !upstream.socket.destroyed)
      .map(({ upstream, account }) => `${upstream.path} on ${account}`);
    expect(new Set(open).size, open.join(', ')).to.equal(open.length);
  },
  'C3: everybody who waits is answered once': (stand) => {
    for (const { outcomes } of [...stand.players, ...stand.requests]) expect(outcomes).to.be.at.most(1);
  },
};

/** What holds for all that a player has got, when all is over. */
export const atTheEnd: Readonly<Record<string, (stand: Stand) => void>> = {
  'I8, I11, S2: one stream with one time line, from tables and a key frame on, over switches and slates': (stand) => {
    for (const { socket } of stand.players) {
      if (socket.bytes.length === 0) continue;
      const report = checkTs(socket.bytes);
      expect(report).to.deep.include({ aligned: true, firstPat: 0, firstPmt: 1, firstKey: 2 });
      if (stand.skips === 0) expect(report).to.deep.include({ continuityErrors: [], timeJumps: [] });
    }
  },
  'I13: a film is never another film': (stand) => {
    for (const request of stand.requests) expect(request.isRight, request.film).to.equal(true);
  },
  'C4, I20: nothing is left at the provider, in the pool or anywhere': (stand) => {
    expect([...stand.providerSockets()].length, 'sockets').to.equal(0);
    expect(stand.sessions(), 'sessions').to.deep.equal([]);
    expect(stand.pool.leases().length, 'leases').to.equal(0);
    expect(stand.pool.waiting, 'requests').to.equal(0);
    expect(stand.pool.seats.size, 'seats').to.equal(0);
    expect(stand.pretune.size, 'channels ahead').to.equal(0);
  },
  'C3: everybody who asked has been answered': (stand) => {
    for (const { outcomes } of [...stand.players, ...stand.requests]) expect(outcomes).to.equal(1);
  },
};

/** Fails with the name of the invariant that does not hold. */
export function expectAll(stand: Stand, all: Readonly<Record<string, (stand: Stand) => void>>): void {
  for (const [name, holds] of Object.entries(all)) {
    try {
      holds(stand);
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}
