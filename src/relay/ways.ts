import { CoaxError } from '../errors.ts';
import type { StreamId } from '../model/ids.ts';
import { type Candidate, Candidates, candidatesOf, isSame } from './candidates.ts';
import type { PlayableChannel } from './contract.ts';
import type { StreamHealth } from './stream-health.ts';

export interface WaysOptions {
  /** The channel as it can be played now. */
  readonly channel: () => PlayableChannel;
  readonly health: StreamHealth;
  /** Whether another relay has this stream open on this account. */
  readonly isTaken: (candidate: Candidate) => boolean;
}

/** Which ways of playing a channel come next: in order of preference, and by what is known of their health. */
export class Ways {
  readonly #options: WaysOptions;

  constructor(options: WaysOptions) {
    this.#options = options;
  }

  all(): Candidate[] {
    return candidatesOf(this.#options.channel());
  }

  /**
   * For a channel that is opened: all ways for somebody who has just come, those that rest after the others. For a later round those that
   * have rested, or the one that may be tried soonest.
   */
  round(first: boolean): Candidates {
    const { ready, resting } = this.#sorted(this.#free(this.all()));
    if (first) return new Candidates([...ready, ...resting]);
    return new Candidates(ready.length > 0 ? ready : resting.slice(0, 1));
  }

  /** What to go on with instead of `left`: those that did not fail lately, then those that were lost after they had played. */
  others(left: Candidate): Candidate[] {
    const { health } = this.#options;
    const { ready, resting } = this.#sorted(this.#free(this.all()));
    return [...ready, ...resting.filter((each) => health.played(each))].filter((each) => !isSame(each, left));
  }

  /**
   * What to go on with by hand: the next stream of the channel after `present`, or the one that is asked for. CONFLICT when there is none,
   * NOT_FOUND when the channel has no such stream.
   */
  byHand(present: StreamId, asked: StreamId | null): Candidate[] {
    const channel = this.#options.channel();
    const { streams } = channel;
    if (asked !== null && !streams.some(({ streamId }) => streamId === asked))
      throw new CoaxError('NOT_FOUND', `The channel has no stream ${asked}`);
    if (streams.filter(({ streamId }) => streamId !== present).length === 0)
      throw new CoaxError('CONFLICT', 'The channel has one stream only');
    if (asked === present) throw new CoaxError('CONFLICT', `Stream ${asked} is playing already`);
    const at = streams.findIndex(({ streamId }) => streamId === present);
    const order = [...streams.slice(at + 1), ...streams.slice(0, Math.max(0, at))];
    const wanted = order.filter(({ streamId }) => asked === null || streamId === asked);
    const { ready, resting } = this.#sorted(this.#free(candidatesOf({ ...channel, streams: wanted })));
    const found = [...ready, ...resting];
    if (found.length === 0) throw new CoaxError('CONFLICT', 'No other stream of the channel can be played now');
    return found;
  }

  #free(candidates: readonly Candidate[]): Candidate[] {
    return candidates.filter((candidate) => !this.#options.isTaken(candidate));
  }

  #sorted(candidates: readonly Candidate[]): { readonly ready: Candidate[]; readonly resting: Candidate[] } {
    const nowMs = performance.now();
    const untilMs = new Map(candidates.map((each) => [each, this.#options.health.restsUntilMs(each, nowMs)]));
    const until = (candidate: Candidate): number => untilMs.get(candidate) ?? 0;
    return {
      ready: candidates.filter((candidate) => until(candidate) === 0),
      resting: candidates.filter((candidate) => until(candidate) > 0).sort((a, b) => until(a) - until(b)),
    };
  }
}
