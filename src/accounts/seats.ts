import { CoaxError } from '../errors.ts';
import type { OutputId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import type { LeasePurpose } from './lease.ts';
import { type SeatLimits, type SeatScope, scopesOf, unlimitedSeats } from './seat-scope.ts';

export interface SeatRequest {
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  /** What is watched, such as a channel: requests of one viewer for the same thing share a seat. */
  readonly subject: string;
  /** Live when absent. */
  readonly purpose?: LeasePurpose;
  /** Aborts when the client goes away: the seat is free in the same turn. */
  readonly signal: AbortSignal;
}

/** One request's part in a seat. */
export interface Seat {
  /**
   * Aborts when the client has gone, and, with TAKEN_OVER as its reason, when the same viewer's next wish needs the seat. Give it to what
   * serves the client.
   */
  readonly signal: AbortSignal;
  /** Gives it back; idempotent. */
  leave(): void;
}

/** One for all: the reason that a signal makes by itself keeps what every frame of its stack was called on. */
const clientGone = new CoaxError('CANCELLED');

/** Why a client was sent away whose signal this is; null when it went by itself. */
export function sentAway(signal: AbortSignal): CoaxError | null {
  const reason: unknown = signal.reason;
  return reason instanceof CoaxError && reason.code !== 'CANCELLED' ? reason : null;
}

/** One viewer watching one thing, through any number of requests. */
interface Place {
  readonly viewer: Viewer['key'];
  readonly output: OutputId;
  readonly subject: string;
  readonly recording: boolean;
  readonly scopes: readonly SeatScope[];
  readonly claims: Set<Claim>;
}

interface Claim {
  evict(error: CoaxError): void;
}

/**
 * How many things are watched at a time, by each user, device and output. A seat is counted from before the account's connection is asked
 * for, whether one is needed or the channel runs already. All limits are checked and taken in one synchronous step, all or none; a count
 * is the size of a set.
 */
export class Seats {
  readonly #limits: SeatLimits;
  readonly #places = new Set<Place>();

  constructor(limits: SeatLimits = unlimitedSeats) {
    this.#limits = limits;
  }

  /**
   * Takes a seat in this turn. A viewer who is at a limit and asks for something else gives up what they opened last, unless that is a
   * recording. Throws LIMIT_REACHED where that is no way.
   */
  take(request: SeatRequest): Seat {
    if (request.signal.aborted) throw new CoaxError('CANCELLED');
    const shared = this.#find(request);
    const place = shared ?? this.#make(request);
    return this.#claim(place, request.signal);
  }

  /** How many things are watched in each scope that is used now. */
  view(): { readonly scope: string; readonly used: number; readonly limit: number | null }[] {
    const scopes = new Map([...this.#places].flatMap((place) => place.scopes).map((scope) => [scope.key, scope]));
    return [...scopes.values()].map(({ key, limit }) => ({ scope: key, used: this.#in(key).length, limit }));
  }

  get size(): number {
    return this.#places.size;
  }

  #in(scope: string): Place[] {
    return [...this.#places].filter((place) => place.scopes.some(({ key }) => key === scope));
  }

  #find({ viewer, outputId, subject, purpose }: SeatRequest): Place | undefined {
    return [...this.#places].find(
      (place) =>
        place.viewer === viewer.key &&
        place.output === outputId &&
        place.subject === subject &&
        place.recording === (purpose === 'recording'),
    );
  }

  #make(request: SeatRequest): Place {
    const { viewer, outputId, subject, purpose = 'live' } = request;
    const scopes = scopesOf(viewer, outputId, this.#limits);
    const leaving = new Set<Place>();
    for (const scope of scopes) for (const place of this.#inTheWay(scope, request, leaving)) leaving.add(place);
    const recording = purpose === 'recording';
    const place: Place = { viewer: viewer.key, output: outputId, subject, recording, scopes, claims: new Set() };
    for (const { claims } of leaving) for (const claim of claims) claim.evict(new CoaxError('TAKEN_OVER'));
    this.#places.add(place);
    return place;
  }

  /** What the viewer has to give up in a scope, the last first, besides what leaves already. */
  #inTheWay(scope: SeatScope, { viewer, purpose }: SeatRequest, leaving: ReadonlySet<Place>): Place[] {
    if (scope.limit === null) return [];
    const staying = this.#in(scope.key).filter((place) => !leaving.has(place));
    const needed = staying.length - scope.limit + 1;
    if (needed <= 0) return [];
    const own = purpose === 'recording' ? [] : staying.filter((one) => one.viewer === viewer.key && !one.recording);
    if (own.length >= needed) return own.slice(-needed);
    const { words, kind, limit } = scope;
    const message = `${words} already watches ${staying.length} of ${limit} streams`;
    throw new CoaxError('LIMIT_REACHED', message, { details: { limit: kind, most: limit, used: staying.length } });
  }

  #claim(place: Place, signal: AbortSignal): Seat {
    const gone = new AbortController();
    const leave = (): void => {
      signal.removeEventListener('abort', abort);
      place.claims.delete(claim);
      if (place.claims.size === 0) this.#places.delete(place);
    };
    const abort = (): void => {
      leave();
      gone.abort(clientGone);
    };
    const claim: Claim = {
      evict: (error) => {
        leave();
        gone.abort(error);
      },
    };
    place.claims.add(claim);
    signal.addEventListener('abort', abort, { once: true });
    return { signal: gone.signal, leave };
  }
}
