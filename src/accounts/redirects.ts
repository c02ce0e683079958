import type { Log } from '../log/log.ts';
import type { AccountId, ChannelId, OutputId, SessionId, SourceId, StreamId } from '../model/ids.ts';
import type { SessionView } from '../model/session-view.ts';
import type { Viewer } from '../model/viewer.ts';
import type { Lease, LeaseHolder, Leases } from './lease.ts';
import type { PooledLease } from './pooled-lease.ts';
import type { Seat, Seats } from './seats.ts';

/** After a player was sent away, its provider is asked so often; the last one goes on. */
const askAfterMs = [0, 3_000, 6_000, 12_000, 24_000, 48_000, 60_000];
/** A player that the provider does not count by then never went there. */
const unseenMs = 45_000;
/** Where the provider does not say what it counts, a player is believed to be there for so long. */
const blindMs = 600_000;
/** Nobody watches longer without asking anew. */
const longestMs = 24 * 3_600_000;
/** Panels are a little late: what they say is about those who were sent away this long before they were asked. */
const lagMs = 1_500;
/** Of sessions on accounts without a limit. */
const mostSessions = 1_000;

export interface RedirectWish {
  readonly kind: 'live' | 'vod' | 'catchup';
  readonly title: string;
  /** What is watched: the same wish of the same viewer again is the same session. */
  readonly subject: string;
  readonly channelId?: ChannelId;
  readonly itemId?: string;
  readonly streamId?: StreamId;
  readonly sourceId: SourceId;
  readonly accounts: readonly AccountId[];
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  readonly signal: AbortSignal;
}

export interface RedirectsOptions {
  readonly pool: Pick<Leases, 'acquire'> & { leases(): readonly PooledLease[]; readonly seats: Seats };
  /** Asks the provider how many connections it counts; the answer comes to `note`. */
  readonly lookAt: (account: AccountId) => void;
  readonly log: Log;
}

/**
 * Players that were sent to the provider itself. Each holds a lease without a socket, so that the limit holds for them as for those whose
 * bytes go through Coax; it ends when the provider counts fewer connections than there should be.
 */
export class Redirects {
  readonly #options: RedirectsOptions;
  readonly #sessions = new Map<SessionId, Redirected>();
  readonly #asking = new Map<AccountId, { timer: NodeJS.Timeout; step: number }>();
  #last = 0;

  constructor(options: RedirectsOptions) {
    this.#options = options;
  }

  /**
   * Takes a connection for the viewer and tells on which account. Rejects with NO_CAPACITY, LIMIT_REACHED, TAKEN_OVER or CANCELLED, as for
   * any other stream.
   */
  async open(wish: RedirectWish): Promise<AccountId> {
    const again = [...this.#sessions.values()].find((session) => session.isFor(wish));
    if (again?.lease !== undefined) {
      again.sentAt = performance.now();
      this.#ask(again.lease.accountId);
      return again.lease.accountId;
    }
    const { pool } = this.#options;
    const { viewer, outputId, subject, kind: purpose, accounts } = wish;
    const seat = pool.seats.take({ viewer, outputId, subject, purpose, signal: wish.signal });
    this.#last += 1;
    const session = new Redirected(`redirect-${this.#last}` as SessionId, wish, seat, (ended) => this.#ended(ended));
    this.#sessions.set(session.sessionId, session);
    try {
      const signal = AbortSignal.any([wish.signal, seat.signal]);
      session.granted(
        await pool.acquire({ candidates: accounts, viewer, purpose, holder: session, signal, zaps: true }),
      );
    } catch (error) {
      session.end('refused');
      throw error;
    }
    // What the client waited for may have ended meanwhile.
    const account = session.lease?.accountId ?? accounts[0];
    if (account === undefined) throw new Error('a lease without an account');
    if (this.#sessions.size > mostSessions) this.#oldest()?.end('too many');
    this.#options.log.info('player sent to the provider', { session: session.sessionId, account });
    this.#ask(account);
    return account;
  }

  /** What the provider counts on an account, asked at a reading of the monotonic clock. */
  note(account: AccountId, active: number, askedAt: number): void {
    const now = performance.now();
    const lease = [...this.#sessions.values()].find((session) => session.lease?.accountId === account)?.lease;
    const scope = this.#leases().find(({ id }) => id === lease?.id)?.scope;
    if (scope === undefined) return;
    const ids = new Set([...scope.leases].map(({ id }) => id));
    const own = this.#leases().filter((one) => ids.has(one.id) && one.sockets.size > 0).length;
    const newestFirst = [...this.#sessions.values()]
      .filter(
        (session) => session.lease !== undefined && ids.has(session.lease.id) && session.sentAt <= askedAt - lagMs,
      )
      .reverse();
    // Which of them went can not be told: whoever came last most likely watches.
    for (const [index, session] of newestFirst.entries()) session.counted(index < active - own, now);
  }

  /** As `GET /api/v1/streams` lists them; `waiting` are those that have no connection yet. */
  snapshot(): SessionView[] {
    return [...this.#sessions.values()].map((session) => session.view());
  }

  /** Gives the connection back; the player itself can not be reached. False when there is no such session. */
  stop(id: SessionId): boolean {
    const session = this.#sessions.get(id);
    session?.end('stopped');
    return session !== undefined;
  }

  /** Ends all. */
  end(): void {
    for (const session of this.#sessions.values()) session.end('stopped');
    for (const { timer } of this.#asking.values()) clearTimeout(timer);
    this.#asking.clear();
  }

  #leases(): readonly PooledLease[] {
    return this.#options.pool.leases();
  }

  #oldest(): Redirected | undefined {
    return this.#sessions.values().next().value;
  }

  #ended(session: Redirected): void {
    this.#sessions.delete(session.sessionId);
  }

  /** Begins to ask anew, from the shortest pause. */
  #ask(account: AccountId): void {
    clearTimeout(this.#asking.get(account)?.timer);
    this.#asking.delete(account);
    this.#askNext(account, 0);
  }

  #askNext(account: AccountId, step: number): void {
    const afterMs = askAfterMs[Math.min(step, askAfterMs.length - 1)] ?? 0;
    const timer = setTimeout(() => {
      const now = performance.now();
      const here = [...this.#sessions.values()].filter(({ lease }) => lease?.accountId === account);
      for (const session of here) session.expire(now);
      if (here.every(({ lease }) => lease === undefined)) this.#asking.delete(account);
      else {
        this.#options.lookAt(account);
        this.#askNext(account, step + 1);
      }
    }, afterMs);
    timer.unref();
    this.#asking.set(account, { timer, step });
  }
}

/** One player that was sent away. */
class Redirected implements LeaseHolder {
  readonly sessionId: SessionId;
  /** When it was sent away last, as a reading of the monotonic clock. */
  sentAt = performance.now();
  readonly #wish: RedirectWish;
  readonly #seat: Seat;
  readonly #onEnd: (session: Redirected) => void;
  readonly #since = Date.now();
  #lease: Lease | undefined;
  /** The provider has counted it once. */
  #seen = false;
  #reported = false;
  #missing = 0;
  #ended = false;
  readonly #vacate = (): void => this.end('taken over');

  constructor(id: SessionId, wish: RedirectWish, seat: Seat, onEnd: (session: Redirected) => void) {
    this.sessionId = id;
    this.#wish = wish;
    this.#seat = seat;
    this.#onEnd = onEnd;
    seat.signal.addEventListener('abort', this.#vacate, { once: true });
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  isFor({ viewer, subject, outputId, kind }: RedirectWish): boolean {
    const mine = this.#wish;
    return (
      mine.viewer.key === viewer.key && mine.subject === subject && mine.outputId === outputId && mine.kind === kind
    );
  }

  granted(lease: Lease): void {
    if (this.#ended) return lease.end();
    this.#lease = lease;
    this.sentAt = performance.now();
  }

  isIdle(): boolean {
    return false;
  }

  isSoleViewer(viewer: Viewer): boolean {
    return viewer.key === this.#wish.viewer.key;
  }

  yieldSlot(): void {
    this.end('taken over');
  }

  /** The provider was asked: it counts this one, or it does not. One answer alone may come too early. */
  counted(there: boolean, now: number): void {
    this.#reported = true;
    if (there) {
      this.#seen = true;
      this.#missing = 0;
      return;
    }
    this.#missing += 1;
    if (this.#seen ? this.#missing >= 2 : now - this.sentAt >= unseenMs) this.end('gone');
  }

  expire(now: number): void {
    const ageMs = now - this.sentAt;
    if (ageMs >= longestMs || (!this.#reported && ageMs >= blindMs)) this.end('unknown');
  }

  end(_why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#seat.signal.removeEventListener('abort', this.#vacate);
    const lease = this.#lease;
    this.#lease = undefined;
    lease?.end();
    this.#seat.leave();
    this.#onEnd(this);
  }

  view(): SessionView {
    const { kind, title, channelId, itemId, streamId, sourceId, viewer, outputId } = this.#wish;
    const lease = this.#lease;
    return {
      id: this.sessionId,
      kind,
      state: lease === undefined ? 'waiting' : 'redirected',
      title,
      ...(channelId === undefined ? {} : { channelId }),
      ...(itemId === undefined ? {} : { itemId }),
      ...(streamId === undefined ? {} : { streamId }),
      sourceId,
      ...(lease === undefined ? {} : { accountId: lease.accountId, leaseId: lease.id }),
      since: this.#since,
      bytesIn: 0,
      bytesOut: 0,
      bitRate: 0,
      bufferedBytes: 0,
      bufferedMs: 0,
      reconnects: 0,
      consumers: [{ id: this.sessionId, viewer, outputId, since: this.#since, bytes: 0, lagMs: 0, skips: 0 }],
    };
  }
}
