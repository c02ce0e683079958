import { LRUCache } from 'lru-cache';
import type { ArchiveWay, ArchiveWindow } from '../model/archive.ts';
import type { AccountId } from '../model/ids.ts';
import { packetSize } from '../mpegts/packet.ts';
import { peekBody } from '../sources/media-peek.ts';
import { bytesPerSecond } from './bit-rate.ts';
import type { OpenedWay } from './open-ways.ts';
import type { SharedClock } from './time-line.ts';

/** What is wished of the archive of one channel. */
export interface ArchiveOrder {
  /** The same for the same programme of the same channel. */
  readonly itemId: string;
  /** Names the stream whose rate is learned. */
  readonly rateKey: string;
  readonly startUnix: number;
  readonly endUnix: number;
  readonly catchupId?: string;
  /** The ways to a piece on an account, over all streams of the channel that it can serve, best first. */
  ways(account: AccountId, window: ArchiveWindow): readonly ArchiveWay[];
}

/**
 * How the archive of one order is served. `file`: the provider gives it as a file with ranges, and its bytes pass through. `line`: it is
 * put together by time; `size` is then what the rate makes of its length, and null for a programme that is still on.
 */
export type ArchivePlan =
  | { readonly kind: 'file' }
  | { readonly kind: 'line'; readonly rate: number; readonly size: number | null };

/** Room for the last picture, which ends behind the programme. */
const lastUnitSec = 1;
/** Room for scenes that need more than the average. */
const marginOfAverage = 1.15;
const marginOfSample = 1.4;
/** What an average may be, in bytes a second; anything else is a mistake of the provider. */
const plausible = { least: 4_000, most: 12_500_000 } as const;
const usualRate = 1_000_000;
const sampleBytes = 3 * 1_048_576;
const sampleMs = 1_500;

/** What is known of the archives that were played lately. */
export class KnownArchives {
  readonly #plans = new LRUCache<string, KnownArchive>({ max: 1_000 });
  readonly #rates = new LRUCache<string, number>({ max: 5_000 });

  of(order: ArchiveOrder): KnownArchive {
    const known = this.#plans.get(order.itemId);
    if (known !== undefined) return known;
    const made: KnownArchive = { plan: null, clock: { base: null } };
    this.#plans.set(order.itemId, made);
    return made;
  }

  /** The next playback makes a plan of its own. */
  forget(order: ArchiveOrder): void {
    this.#plans.delete(order.itemId);
  }

  peek(itemId: string): ArchivePlan | null {
    return this.#plans.peek(itemId)?.plan ?? null;
  }

  /** Bytes a second that a stream was seen to need over a long time. */
  rateOf(order: ArchiveOrder): number | undefined {
    return this.#rates.get(order.rateKey);
  }

  learnRate(order: ArchiveOrder, rate: number): void {
    if (rate >= plausible.least && rate <= plausible.most) this.#rates.set(order.rateKey, rate);
  }
}

export interface KnownArchive {
  plan: ArchivePlan | null;
  readonly clock: SharedClock;
}

/** Decides how to serve an archive by the provider's first answer. `isOver` is false while the programme is still on. */
export async function planOf(
  order: ArchiveOrder,
  { way, opened, container, offset }: OpenedWay,
  {
    isOver,
    known,
    signal,
  }: { readonly isOver: boolean; readonly known: number | undefined; readonly signal: AbortSignal },
): Promise<ArchivePlan> {
  if (container !== 'mpegts' && container !== 'hls') return { kind: 'file' };
  if (!isOver) return { kind: 'line', rate: 0, size: null };
  const size = opened.contentRange?.size ?? (opened.status === 200 ? opened.contentLength : undefined);
  const isExact = way.startUnix === order.startUnix && way.startUnix + way.durationSec === order.endUnix;
  if (container === 'mpegts' && opened.acceptRanges && size !== undefined && offset === 0 && isExact)
    return { kind: 'file' };
  const average = container === 'mpegts' && size !== undefined ? size / way.durationSec : Number.NaN;
  const isPlausible = average >= plausible.least && average <= plausible.most;
  const rate = isPlausible
    ? average * marginOfAverage
    : known !== undefined
      ? known * marginOfAverage
      : container === 'mpegts'
        ? ((await sampled(opened, signal)) ?? usualRate) * marginOfSample
        : usualRate * marginOfSample;
  const lengthSec = order.endUnix - order.startUnix;
  const bytes = Math.ceil((rate * (lengthSec + lastUnitSec)) / packetSize) * packetSize;
  return { kind: 'line', rate: bytes / (lengthSec + lastUnitSec), size: bytes };
}

async function sampled({ body }: OpenedWay['opened'], signal: AbortSignal): Promise<number | undefined> {
  const bytes = await peekBody(body, { atLeast: sampleBytes, timeoutMs: sampleMs, signal });
  return bytesPerSecond(bytes);
}
