import type { Lease, LeaseHolder, LeaseState } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { AccountId, SessionId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import type { SessionView } from '../model/session-view.ts';
import { AccountChoice } from './account-choice.ts';
import type { PlayableFile } from './contract.ts';
import { mayTryAgain, mostContradictions, waitAfter } from './failure-rules.ts';
import { isStrong } from './file-facts.ts';
import { pump } from './pump.ts';
import { RateMeter } from './rate-meter.ts';
import type { Reader, ReaderHost } from './reader.ts';
import { SeekBurst } from './seek-burst.ts';
import type { SessionOptions } from './session-deps.ts';
import { nextAsk, settleAnswer } from './settle-answer.ts';
import { viewSession } from './session-view.ts';
import { Turn } from './turn.ts';
import { askHeader, NotHere, ProviderRefusal, type Ask, type OpenOptions, type RangeAnswer } from './upstream-range.ts';

/** The most responses of one session; the one that waits longest goes first. */
const maxReaders = 8;
/** How long each of several responses that keep reading is served before the next. */
const usualTurnMs = 2_000;
const maxRefusals = 20;
/** How long a session that gave its connection back waits for one. */
const resumeWaitMs = 30_000;
/** Between two turns a lease that is on its way out was ended by the pool. */
const endedStates = new Set<LeaseState | undefined>(['closing', 'cooling', 'released']);

/**
 * One viewer's playback of one file: many responses, one lease, one socket. A loop serves one response at a time, the newest first;
 * the socket of the last one is closed before the next is opened, because ffmpeg opens the new range before it closes the old one.
 */
export class VodSession implements LeaseHolder, ReaderHost {
  readonly sessionId: SessionId;
  readonly viewer: Viewer;
  readonly since = Date.now();
  readonly #deps: SessionOptions;
  readonly #needsLease: boolean;
  readonly #readers = new Set<Reader>();
  readonly #burst = new SeekBurst();
  readonly #rate = new RateMeter();
  readonly #accounts: AccountChoice;
  #file: PlayableFile;
  #lease: Lease | null = null;
  #turn: Turn | null = null;
  #acquiring: AbortController | null = null;
  #loop: Promise<void> | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #order = 0;
  #notBefore = 0;
  #reconnects = 0;
  #bytesOut = 0;
  #stopped = false;
  #hadLease = false;

  constructor(options: SessionOptions) {
    this.sessionId = options.id;
    this.viewer = options.viewer;
    this.#file = options.file;
    this.#deps = options;
    this.#accounts = new AccountChoice(options.file);
    this.#needsLease = options.file.request(this.#anyAccount).kind !== 'demo';
  }

  /** As the last request gave it: its login may have changed since the first. */
  get file(): PlayableFile {
    return this.#file;
  }

  /** True while a response needs the provider, or soon may. */
  get busy(): boolean {
    return [...this.#readers].some((reader) => reader.wants || this.#serves(reader));
  }

  /** A file made here may belong to no account. */
  get #anyAccount(): AccountId {
    return this.file.accounts[0] ?? ('' as AccountId);
  }

  /** Accounts that can serve the file. */
  get candidates(): readonly AccountId[] {
    return this.#accounts.candidates;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** Takes a new response in: the cache answers what it can, and the provider the rest, before any older response. */
  add(reader: Reader): void {
    clearTimeout(this.#idleTimer);
    this.#burst.note(performance.now());
    this.#file = reader.request.file;
    this.#accounts.update(this.#file);
    this.#order += 1;
    reader.priority = this.#order;
    this.#readers.add(reader);
    reader.start(this);
    const facts = this.#deps.files.trusted(this.#accounts.file);
    if (facts && !reader.over) {
      this.#accounts.pin(this.#accounts.file);
      reader.settle(facts);
      reader.fill(this.#deps.cache);
    }
    this.#dropOldest();
    this.#wake();
  }

  /** Takes over a response of another session, with the lease for it. */
  adopt(reader: Reader, lease: Lease): void {
    this.#lease = lease;
    this.#readers.add(reader);
    reader.moveTo(this);
    this.#wake();
  }

  /** Lets a response go to another session. */
  release(reader: Reader): void {
    this.#readers.delete(reader);
  }

  isIdle(): boolean {
    return !this.busy;
  }

  isSoleViewer(viewer: Viewer): boolean {
    return viewer.key === this.viewer.key;
  }

  yieldSlot(reason: 'taken-over' | 'idle' | 'stopped'): void {
    if (reason === 'stopped') return this.stop();
    if (reason === 'taken-over') {
      // What reads on would fight for the slot again; who resumes a paused film later means it.
      for (const reader of this.#readers)
        if (!reader.complete && !reader.paused) reader.fail(new CoaxError('TAKEN_OVER'));
    }
    this.#endLease();
  }

  readerDrained(reader: Reader): void {
    if (reader.wants) this.#wake();
  }

  readerPaused(reader: Reader): void {
    this.#deps.log.debug('a player paused', { session: this.sessionId, position: reader.position });
    if (this.#turn?.reader === reader) this.#turn.abort();
    if (!this.busy) this.#endLease();
    this.#settle();
  }

  readerGone(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#bytesOut += reader.sentBytes;
    // A response whose bytes are all there has no socket any more.
    if (this.#turn?.reader === reader) this.#turn.abort();
    this.#settle();
  }

  /** Ends every response and gives the slot back. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#idleTimer);
    for (const reader of this.#readers) reader.fail(new CoaxError('STREAM_STOPPED'));
    this.#acquiring?.abort();
    this.#endLease();
    this.#deps.ended();
  }

  /** Resolves when the loop has ended and no socket is left. */
  async closed(): Promise<void> {
    await this.#loop;
  }

  view(): SessionView {
    const { sessionId: id, file, since } = this;
    const readers = [...this.#readers];
    const state = this.#state(readers);
    const counts = { rate: this.#rate, bytesOut: this.#bytesOut, reconnects: this.#reconnects };
    return viewSession({ id, file, since, state, lease: this.#lease, readers, ...counts });
  }

  #state(readers: readonly Reader[]): string {
    if (this.#acquiring) return 'waiting';
    if (this.#turn && !this.#turn.signal.aborted) return this.#turn.reading ? 'reading' : 'connecting';
    return readers.some((reader) => reader.paused) ? 'paused' : 'idle';
  }

  #serves(reader: Reader): boolean {
    return this.#turn?.reader === reader && !this.#turn.signal.aborted && !reader.complete;
  }

  /** The response to serve next. */
  #choose(): Reader | null {
    let best: Reader | null = null;
    for (const reader of this.#readers) if (reader.wants && reader.priority > (best?.priority ?? -1)) best = reader;
    return best;
  }

  #wake(): void {
    const best = this.#choose();
    if (best === null) return this.#settle();
    clearTimeout(this.#idleTimer);
    const turn = this.#turn;
    if (turn && turn.reader !== best && best.priority > turn.reader.priority) {
      turn.reader.parkedAt = performance.now();
      turn.abort();
    }
    this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    // Everything below may fail; the readers hear of it there.
    await Promise.resolve();
    while (!this.#stopped && this.#choose() !== null) {
      if (endedStates.has(this.#lease?.state)) this.#lease = null;
      // oxlint-disable-next-line no-await-in-loop -- one response after the other is what this loop is for
      if (this.#needsLease && this.#lease === null) await this.#acquire();
      const reader = this.#choose();
      // oxlint-disable-next-line no-await-in-loop
      if (reader && (this.#lease !== null || !this.#needsLease)) await this.#serve(reader, this.#lease);
    }
    this.#loop = null;
    this.#settle();
  }

  async #acquire(): Promise<void> {
    const waiting = [...this.#readers].filter((reader) => reader.wants);
    const acquiring = new AbortController();
    this.#acquiring = acquiring;
    try {
      const lease = await this.#deps.leases.acquire({
        candidates: this.candidates,
        viewer: this.viewer,
        purpose: this.#file.purpose ?? 'vod',
        holder: this,
        signal: acquiring.signal,
        ...(this.#hadLease ? { deadlineMs: resumeWaitMs } : {}),
      });
      if (this.#stopped || this.#choose() === null) lease.end();
      else this.#lease = lease;
      this.#hadLease = true;
    } catch (error) {
      if (!acquiring.signal.aborted) for (const reader of waiting) this.#giveUp(reader, toCoaxError(error));
    } finally {
      this.#acquiring = null;
    }
  }

  async #serve(reader: Reader, lease: Lease | null): Promise<void> {
    const turn = new Turn(reader, this.#deps.settings.turnMs ?? usualTurnMs, () => this.#contest(turn));
    this.#turn = turn;
    // In the tick of the abort, whatever the body does (design C2).
    turn.signal.addEventListener('abort', () => void lease?.closeSocket(), { once: true });
    let answer: RangeAnswer | null = null;
    try {
      const now = performance.now();
      const until = Math.max(reader.retryAt, this.#notBefore, now + this.#burst.delayMs(now));
      await turn.wait(Math.max(until - now, lease?.reopenDelayMs ?? 0));
      const file = this.#accounts.fileOf(lease?.accountId ?? this.#anyAccount);
      const ask = nextAsk(reader, file, this.#deps.files);
      answer = await this.#open(reader, ask, lease, turn.signal);
      const { body } = answer;
      const start = settleAnswer(reader, ask, answer, { ...this.#deps, file });
      this.#accounts.pin(file);
      if (lease) this.#accounts.accepted(lease);
      if (start === null) return this.#askAgain(reader);
      turn.reading = true;
      const { cache, settings } = this.#deps;
      const received = (bytes: number) => this.#rate.add(bytes);
      await pump({ body, start, reader, cache, stallMs: settings.stallMs, signal: turn.signal, received });
    } catch (error) {
      if (!turn.signal.aborted) this.#failed(reader, lease, toCoaxError(error));
    } finally {
      turn.end();
      answer?.body.destroy();
      await lease?.closeSocket();
      this.#turn = null;
    }
  }

  #open(reader: Reader, ask: Ask, lease: Lease | null, signal: AbortSignal): Promise<RangeAnswer> {
    const { settings } = this.#deps;
    const account = lease?.accountId ?? this.#anyAccount;
    const etag = reader.facts?.etag ?? null;
    const options: OpenOptions = {
      lease,
      signal,
      connectTimeoutMs: settings.connectMs,
      firstByteTimeoutMs: settings.stallMs,
      range: askHeader(ask),
      ...(ask.kind === 'span' ? { from: ask.from } : {}),
      ...(reader.headSent && isStrong(etag) ? { ifRange: etag } : {}),
    };
    const { opener, open } = this.#deps;
    return opener === undefined ? open(this.file.request(account), options) : opener(account, options);
  }

  /** The file turned out to be another than believed, so that other bytes are needed; a provider that says so for ever is not asked on. */
  #askAgain(reader: Reader): void {
    if (reader.complete || reader.failed() < mostContradictions) return;
    this.#giveUp(reader, new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider contradicts itself about the file'));
  }

  #failed(reader: Reader, lease: Lease | null, error: CoaxError): void {
    const { log } = this.#deps;
    log.warn('a file broke off', { session: this.sessionId, code: error.code, position: reader.position });
    if (error instanceof ProviderRefusal && this.#waitOrMove(reader, lease, error)) return;
    const lacks = lease !== null && error instanceof NotHere && this.#accounts.lacks(lease.accountId);
    if (lacks) return this.#leave(lease);
    const failures = reader.failed();
    if (!mayTryAgain(error, failures, reader.headSent)) {
      if (reader.headSent || lease === null || !this.#accounts.lacksFile(lease.accountId))
        return this.#giveUp(reader, error);
      reader.failures = 0;
      return this.#leave(lease);
    }
    this.#reconnects += 1;
    reader.retryAt = performance.now() + waitAfter(error, failures, this.#deps.settings.backOffMs);
  }

  /** Another account has to serve. */
  #leave(lease: Lease): void {
    if (lease === this.#lease) this.#endLease();
  }

  /** Waits as the pool says, else tries another account; false when neither is left. */
  #waitOrMove(reader: Reader, lease: Lease | null, refusal: ProviderRefusal): boolean {
    reader.refusals += 1;
    if (lease === null || reader.refusals > maxRefusals) return false;
    const way = this.#accounts.refused(lease, refusal);
    if (way === 'none') return false;
    if (way !== 'another') this.#notBefore = performance.now() + way;
    else this.#leave(lease);
    return true;
  }

  #giveUp(reader: Reader, error: CoaxError): void {
    this.#deps.log.warn('a file could not be served', { session: this.sessionId, code: error.code });
    reader.fail(error);
  }

  /** Two responses of one viewer may be two players behind one address: they take turns, or part if there is a lease for both. */
  #contest(turn: Turn): void {
    const now = performance.now();
    let longest: Reader | null = null;
    for (const reader of this.#readers) {
      if (reader === turn.reader || !reader.wants) continue;
      reader.parkedAt ??= now;
      if (longest === null || reader.parkedAt < (longest.parkedAt ?? 0)) longest = reader;
    }
    if (longest === null) return;
    // Both read on after they had been given a turn: two players, not one that forgot to close.
    const bothRead = (longest.resumed || turn.reader.resumed) && !turn.reader.full;
    if (bothRead && this.#deps.split(longest)) return;
    turn.reader.parkedAt = now;
    longest.resumed = true;
    this.#order += 1;
    longest.priority = this.#order;
    turn.abort();
  }

  #dropOldest(): void {
    if (this.#readers.size <= maxReaders) return;
    const [oldest] = [...this.#readers].sort((a, b) => a.priority - b.priority);
    oldest?.fail(new CoaxError('TOO_MANY_REQUESTS', `A player may read ${maxReaders} parts of a file at once`));
  }

  /** Nobody may be waiting for the provider: gives the slot to who waits for it, now, and the session some time to live. */
  #settle(): void {
    if (this.#stopped || this.busy) return;
    this.#acquiring?.abort();
    if (this.#lease && this.#deps.leases.hasWaiters(this.#lease.accountId)) this.#endLease();
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#expire(), this.#deps.settings.sessionIdleMs);
  }

  #expire(): void {
    if (this.busy) return;
    this.#endLease();
    if (this.#readers.size === 0) this.stop();
  }

  #endLease(): void {
    const lease = this.#lease;
    this.#lease = null;
    lease?.end();
  }
}
