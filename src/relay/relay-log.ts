import type { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Feed } from './feed.ts';
import type { FeedHome } from './feed-home.ts';
import type { RelayObserver } from './observer.ts';
import { type SlateReason, slateWords } from './slate-reason.ts';

/** What a relay tells of itself: to the log, and to the metrics. */
export class RelayLog implements Pick<FeedHome, 'failed' | 'reconnecting' | 'switched' | 'endured'> {
  readonly #log: Log;
  readonly #observer: RelayObserver;
  readonly #since = Date.now();
  readonly #told = { received: 0, sent: 0 };

  constructor(log: Log, observer: RelayObserver) {
    this.#log = log;
    this.#observer = observer;
  }

  readonly failed: FeedHome['failed'] = ({ stream: { streamId }, account }, { code, message }) =>
    this.#log.warn('A stream could not be opened', { streamId, accountId: account, code, reason: message });

  readonly reconnecting: FeedHome['reconnecting'] = ({ code, message }, attempt) => {
    this.#observer.reconnecting(code);
    this.#log.warn('The upstream was lost and is opened anew', { code, reason: message, attempt });
  };

  readonly switched: FeedHome['switched'] = (change) => {
    this.#observer.switched(change.reason, change.gapMs);
    const { reason, gapMs, from, fromAccount, to, toAccount } = change;
    const fields = { reason, gapMs, from, fromAccount, to, toAccount };
    setImmediate(() => {
      if (reason === 'by-hand') this.#log.info('The channel goes on with another stream, as it was asked to', fields);
      else this.#log.warn('The channel goes on with another stream', fields);
    });
  };

  readonly endured: FeedHome['endured'] = ({ code, message }) =>
    this.#log.warn('What plays is not worth watching, and there is nothing better', { code, reason: message });

  /** Writing a log takes milliseconds, and the players get their first bytes in this turn: it is written in the next. */
  live(feed: Feed): void {
    const fields = { ...placeOf(feed), ms: Math.round(Date.now() - this.#since) };
    setImmediate(() => this.#log.info('A live stream is open', fields));
  }

  started(consumer: string, ms: number, weak: boolean): void {
    setImmediate(() => this.#log.debug('A player has got its first bytes', { consumer, ms, weak }));
  }

  slate(reason: SlateReason, failure: CoaxError | null): void {
    this.#observer.slate(reason);
    const fields = { slate: slateWords[reason], code: failure?.code, reason: failure?.message };
    setImmediate(() => this.#log.info('Viewers see a slate instead of the channel', fields));
  }

  dropped(consumer: string, { code, message }: CoaxError): void {
    this.#observer.dropped(code);
    this.#log.warn('A player was dropped', { consumer, code, reason: message });
  }

  /** Something that should never happen. */
  wrong(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#log.error(message, fields);
  }

  /** Bytes so far. */
  bytes(received: number, sent: number): void {
    this.#observer.bytes(received - this.#told.received, sent - this.#told.sent);
    Object.assign(this.#told, { received, sent });
  }

  ended(feed: Feed, error: CoaxError | null): void {
    this.#observer.ended(error?.code ?? null);
    const fields = { ...placeOf(feed), code: error?.code ?? null, reason: error?.message, bytes: feed.bytes };
    this.#log.info('A live stream is over', { ...fields, ms: Math.round(Date.now() - this.#since) });
  }
}

function placeOf({ candidate, lease }: Feed): Readonly<Record<string, string | undefined>> {
  return { streamId: candidate?.stream.streamId, accountId: lease?.accountId };
}
