import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import { LeaseAuditor } from '../../src/accounts/auditor.ts';
import { type Lease, type LeaseParty, leasePurposes } from '../../src/accounts/lease.ts';
import type { GrantWay, LeaseEvent } from '../../src/accounts/lease-events.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { closeCapMs, PooledLease } from '../../src/accounts/pooled-lease.ts';
import { silentLog } from '../../src/log/log.ts';
import type { SessionId } from '../../src/model/ids.ts';
import type { Viewer } from '../../src/model/viewer.ts';
import { account, accountId, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { candidateSets, loginOf, names, type Step } from './pool-steps.ts';

interface Request {
  readonly number: number;
  readonly session: FakeSession;
  readonly set: number;
  readonly purpose: number;
  readonly abort: AbortController;
  readonly viewers: Viewer[];
  joining: number;
  outcomes: number;
}

interface Opened {
  readonly lease: Lease;
  readonly socket: FakeSocket;
}

/** A pool with everything around it that can go wrong, and a judge that trusts none of the pool's own figures. */
export class PoolWorld {
  readonly clock: SinonFakeTimers;
  readonly pool: LeasePool;
  readonly auditor: LeaseAuditor;
  readonly limits = new Map<string, number | null>([
    ['a', 1],
    ['b', 2],
    ['c', null],
  ]);
  readonly removed = new Set<string>();
  readonly requests: Request[] = [];
  readonly sessions = new Map<SessionId, FakeSession>();
  readonly leases: Lease[] = [];
  readonly opened: Opened[] = [];
  readonly problems: string[] = [];
  /** How each slot was granted, in the order of the grants. */
  readonly ways: GrantWay[] = [];

  constructor(clock: SinonFakeTimers) {
    this.clock = clock;
    this.pool = new LeasePool({
      waitMs: 12_000,
      coolingFloorMs: 50,
      coolingCapMs: 30_000,
      startGraceMs: 5_000,
      observe: (event) => this.observe(event),
    });
    this.auditor = new LeaseAuditor({
      leases: () => this.pool.leases(),
      sessions: () => new Set(this.sessions.keys()),
      sockets: () => this.opened.map(({ socket }) => socket),
      log: silentLog,
    });
    this.applyAccounts();
  }

  applyAccounts(): void {
    this.pool.setAccounts(
      names
        .filter((name) => !this.removed.has(name))
        .map((name) => account(name, this.limits.get(name) ?? null, loginOf[name])),
    );
  }

  limitOf(login: string): number {
    const limits = names
      .filter((name) => loginOf[name] === login && !this.removed.has(name))
      .map((name) => this.limits.get(name) || Infinity);
    return Math.min(Infinity, ...limits);
  }

  /** Leases that are not released, by login. */
  heldOn(login: string): Lease[] {
    return this.pool.leases().filter((lease) => loginOf[lease.accountId as (typeof names)[number]] === login);
  }

  observe(event: LeaseEvent): void {
    if (event.kind !== 'granted') return;
    const login = loginOf[event.accountId as (typeof names)[number]];
    if (this.heldOn(login).length > this.limitOf(login)) this.problems.push(`granted beyond the limit of ${login}`);
    this.ways.push(event.way);
  }

  /** Nobody who asked later and is of no higher rank may be served first, unless the slot was freed for that one. */
  checkOrder(granted: Request, lease: Lease): void {
    const way = this.ways[Number(lease.id.slice(1)) - 1];
    if (way === 'hand-over' || way === 'idle') return;
    const overtaken = this.requests.find(
      ({ outcomes, number, set, purpose }) =>
        outcomes === 0 && number < granted.number && set === granted.set && purpose <= granted.purpose,
    );
    if (overtaken !== undefined) this.problems.push('a later request overtook an earlier one');
  }

  check(): void {
    for (const login of ['one', 'two']) {
      const held = this.heldOn(login);
      const holding = new Set(held.filter((lease) => lease.state !== 'cooling'));
      const open = this.opened.filter(
        ({ lease, socket }) =>
          loginOf[lease.accountId as (typeof names)[number]] === login && !socket.closed && !socket.destroyed,
      );
      if (open.some(({ lease }) => !holding.has(lease))) this.problems.push('an open socket belongs to no lease');
      if (open.length > holding.size) this.problems.push('more sockets than leases');
    }
    for (const { lease, socket } of this.opened) {
      if (lease.state !== 'released' && lease.state !== 'cooling') continue;
      const forced = socket.destroyedAt !== null && performance.now() - socket.destroyedAt >= closeCapMs;
      // A socket that came after the release was destroyed at once and never opened.
      if (!socket.closed && !forced && !this.late.has(socket))
        this.problems.push(`a lease is ${lease.state} while its socket has not closed`);
    }
    for (const request of this.requests) if (request.outcomes > 1) this.problems.push('a waiter ended twice');
    expect(this.problems.join('; ')).to.equal('');
  }

  readonly late = new Set<FakeSocket>();

  async run(one: Step): Promise<void> {
    const at = <T>(list: readonly T[]): T | undefined =>
      'pick' in one && list.length > 0 ? list[one.pick % list.length] : undefined;
    switch (one.do) {
      case 'acquire':
        this.acquire(one);
        break;
      case 'try': {
        const session = this.session(one.viewer);
        session.lease = this.pool.tryAcquire(session.request(candidateSets[one.set]!));
        if (session.lease !== null) this.leases.push(session.lease);
        else this.sessions.delete(session.sessionId);
        break;
      }
      case 'abort':
        at(this.requests)?.abort.abort();
        break;
      case 'join': {
        const request = at(this.requests.filter(({ outcomes, joining }) => outcomes === 0 && joining > 0));
        if (request === undefined) break;
        request.joining -= 1;
        request.viewers.push(viewer(`v${one.pick % 7}`));
        this.pool.retry(request.session);
        break;
      }
      case 'attach':
        this.attach(at(this.leases.filter(({ state }) => state === 'granted')));
        break;
      case 'late-attach': {
        const lease = at(this.leases.filter((one) => one instanceof PooledLease && one.ended));
        if (lease === undefined) break;
        const socket = new FakeSocket(null);
        this.late.add(socket);
        lease.attach(socket);
        this.opened.push({ lease, socket });
        expect(socket.destroyed).to.equal(true);
        break;
      }
      case 'end': {
        const lease = at(this.leases);
        lease?.end();
        break;
      }
      case 'end-and-abort': {
        // A slot comes free and the one who gets it leaves, before anybody could take note of the grant.
        const waiting = this.requests.filter(({ outcomes }) => outcomes === 0);
        at(this.leases.filter(({ state }) => state === 'granted'))?.end();
        for (const { abort } of waiting) abort.abort();
        break;
      }
      case 'close-socket':
        void at(this.leases)?.closeSocket();
        break;
      case 'provider-closes':
        at(this.opened.filter(({ socket }) => !socket.closed))?.socket.close();
        break;
      case 'socket-closes':
        at(this.opened.filter(({ socket }) => socket.destroyed && !socket.closed))?.socket.close();
        break;
      case 'lose-session': {
        const session = at([...this.sessions.values()]);
        if (session !== undefined && session.lease !== null) this.sessions.delete(session.sessionId);
        break;
      }
      case 'report': {
        const waitMs = at(this.leases)?.report(one.outcome) ?? null;
        if (waitMs !== null && !(waitMs > 0 && waitMs <= 60_000)) this.problems.push(`told to wait for ${waitMs} ms`);
        break;
      }
      case 'idle':
      case 'stubborn': {
        const session = at([...this.sessions.values()]);
        if (session !== undefined) session[one.do] = one.on;
        break;
      }
      case 'tick':
        this.clock.tick(one.ms);
        break;
      case 'limit':
        this.limits.set(one.name, one.limit);
        this.applyAccounts();
        break;
      case 'remove':
        this.removed.add(one.name);
        this.applyAccounts();
        break;
      case 'restore':
        this.removed.delete(one.name);
        this.applyAccounts();
        break;
      case 'external':
        this.pool.noteActiveConnections(accountId(one.name), one.count);
        break;
      case 'audit':
        this.auditor.run();
        break;
    }
    for (let i = 0; i < 4; i++) await Promise.resolve();
    this.check();
  }

  session(of: number): FakeSession {
    const session = new FakeSession(
      `s${this.sessions.size}-${this.requests.length}-${this.leases.length}`,
      viewer(`v${of}`),
    );
    this.sessions.set(session.sessionId, session);
    return session;
  }

  acquire({ set, viewer: of, purpose, deadlineMs, retry, zaps, joining }: Extract<Step, { do: 'acquire' }>): void {
    const held = [...this.sessions.values()].find((one) => one.lease !== null);
    const session = retry && held !== undefined ? held : this.session(of);
    const request: Request = {
      number: this.requests.length,
      session,
      set,
      purpose,
      abort: new AbortController(),
      viewers: [...session.viewers],
      joining,
      outcomes: 0,
    };
    this.requests.push(request);
    const settled = () => {
      request.outcomes += 1;
    };
    this.pool
      .acquire(
        session.request(candidateSets[set], {
          purpose: leasePurposes[purpose],
          ...(joining === 0 ? { deadlineMs } : { party: this.partyOf(request) }),
          zaps,
          signal: request.abort.signal,
        }),
      )
      .then((lease) => {
        settled();
        this.checkOrder(request, lease);
        if (request.abort.signal.aborted && lease.state !== 'released')
          this.problems.push('a grant to an aborted waiter stayed');
        this.leases.push(lease);
        if (session.lease === null || session.lease.state === 'released') session.lease = lease;
      }, settled);
  }

  /** The first one's time is over at the first deadline, that of each who has joined a while later. */
  partyOf(request: Request): LeaseParty {
    return {
      viewers: () => request.viewers,
      expire: (_waitMs, error) => {
        if (error.code !== 'NO_CAPACITY') this.problems.push(`turned away with ${error.code}`);
        return request.viewers.splice(0, 1).length > 0 && request.viewers.length > 0 ? 700 : 0;
      },
    };
  }

  attach(lease: Lease | undefined): void {
    if (lease === undefined) return;
    try {
      lease.connecting();
    } catch {
      return;
    }
    const socket = new FakeSocket(null);
    lease.attach(socket);
    this.opened.push({ lease, socket });
  }

  /** Everybody leaves and every socket closes: nothing may be left. */
  async quiesce(): Promise<void> {
    for (const request of this.requests) if (request.number % 2 === 0) request.abort.abort();
    for (let round = 0; round < 60; round++) {
      this.clock.tick(1_000);
      for (let i = 0; i < 4; i++) await Promise.resolve();
      for (const lease of this.leases) lease.end();
      for (const { socket } of this.opened) if (socket.destroyed) socket.close();
    }
    this.check();
    expect(this.pool.leases()).to.have.length(0);
    expect(this.pool.waiting).to.equal(0);
    expect(this.requests.map(({ outcomes }) => outcomes)).to.deep.equal(this.requests.map(() => 1));
    expect(this.opened.filter(({ socket }) => !socket.closed)).to.have.length(0);
    expect(this.auditor.audit()).to.deep.equal([]);
    expect(this.clock.countTimers()).to.equal(0);
  }
}
