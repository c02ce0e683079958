import type { LeaseParty } from '../accounts/lease.ts';
import type { CoaxError } from '../errors.ts';
import type { Viewer } from '../model/viewer.ts';
import { Consumer, type ConsumerHome } from './consumer.ts';
import type { LivePurpose, LiveRequest } from './contract.ts';
import { expected, Hold } from './hold.ts';
import type { RelayObserver } from './observer.ts';
import { waitingParty } from './waiting-party.ts';

/** A socket gets this long to take what is queued when its stream was stopped. */
const stopPatienceMs = 2_000;

export interface AudienceOptions {
  readonly observer: Pick<RelayObserver, 'consumers'>;
  /** How long a socket may take nothing of the rest when the stream is over. */
  readonly writeProgressMs: number;
  /** A consumer was dropped. */
  readonly dropped: (consumer: Consumer, error: CoaxError) => void;
  /** The last one who read has left, or the last hold while nobody reads. */
  readonly unread: () => void;
}

/** Those who read a relay, and those who keep it open without reading. Everything is done in the caller's turn. */
export class Audience {
  readonly consumers = new Set<Consumer>();
  /** Those who keep it open without reading. */
  readonly holds = new Set<Hold>();
  /** Consumers that have got no byte yet. */
  readonly waiting = new Set<Consumer>();
  /** Everybody, as the lease pool asks for them. */
  readonly party: LeaseParty = waitingParty(this.consumers, this.holds);
  readonly #options: AudienceOptions;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** True when somebody reads, and has got bytes already. */
  get isServed(): boolean {
    return this.consumers.size > this.waiting.size;
  }

  /** Somebody who is shown slates is on the way. */
  isAwaited(): boolean {
    return expected(this.holds).some(({ wantsSlates }) => wantsSlates);
  }

  /** What it is all for: the most important purpose of those who are here. Live while it lingers for who may come back. */
  purpose(): LivePurpose {
    const all = [...this.consumers, ...this.holds].map((one) => one.purpose);
    if (all.includes('recording')) return 'recording';
    return all.length > 0 && all.every((purpose) => purpose === 'pretune') ? 'pretune' : 'live';
  }

  isIdle(): boolean {
    return [...this.consumers].every(({ isSilent }) => isSilent) && expected(this.holds).length === 0;
  }

  isSoleViewer(viewer: Viewer): boolean {
    const served = [...this.consumers, ...expected(this.holds)];
    return served.length > 0 && served.every(({ viewer: { key } }) => key === viewer.key);
  }

  join(id: string, home: ConsumerHome, request: LiveRequest): Consumer {
    const consumer = new Consumer(id, home, request);
    this.consumers.add(consumer);
    this.waiting.add(consumer);
    this.#options.observer.consumers(1);
    return consumer;
  }

  hold(request: LiveRequest): Hold {
    const hold = new Hold(request, (left) => this.#holdLeft(left));
    this.holds.add(hold);
    return hold;
  }

  /** A consumer has got its first bytes. */
  started(consumer: Consumer): void {
    this.waiting.delete(consumer);
  }

  /** A consumer has gone by itself, or was dropped. */
  left(consumer: Consumer, error: CoaxError | null): void {
    if (!this.consumers.delete(consumer)) return;
    this.waiting.delete(consumer);
    this.#options.observer.consumers(-1);
    if (error !== null) this.#options.dropped(consumer, error);
    if (this.consumers.size === 0) this.#options.unread();
  }

  /** Ends those of `who` with what is still there for them. */
  finish(who: (consumer: Consumer) => boolean, reason: CoaxError): void {
    const ended = reason.code.startsWith('UPSTREAM_');
    const patienceMs = ended ? this.#options.writeProgressMs : stopPatienceMs;
    for (const consumer of [...this.consumers].filter(who)) {
      this.consumers.delete(consumer);
      this.waiting.delete(consumer);
      consumer.finish(reason, patienceMs, ended);
      this.#options.observer.consumers(-1);
    }
  }

  finishAll(reason: CoaxError): void {
    this.finish(() => true, reason);
    for (const hold of this.holds) hold.end(reason);
    this.holds.clear();
  }

  #holdLeft(hold: Hold): void {
    if (!this.holds.delete(hold)) return;
    if (this.consumers.size === 0 && this.holds.size === 0) this.#options.unread();
  }
}
