import type { Lease } from '../../../src/accounts/lease.ts';
import type { CoaxError } from '../../../src/errors.ts';
import type { HttpUpstreamRequest } from '../../../src/model/upstream-request.ts';
import { pidOf } from '../../../src/mpegts/packet.ts';
import { type HttpReach, openHttpUpstream } from '../../../src/relay/upstream-http.ts';
import type { Upstream } from '../../../src/relay/upstream.ts';
import { fakeTime } from '../../support/fake-time.ts';
import { stampOf, type SyntheticOptions, syntheticTs, videoPid } from '../../support/ts-builder.ts';
import { oneAccountPool, takeLease } from '../one-lease.ts';

const realImmediate = setImmediate;
const realTimeout = setTimeout;

/** Segments of one synthetic stream, a second each; their pictures are numbered through. */
export function* syntheticSegments(options: SyntheticOptions = {}): Generator<Buffer, never> {
  const stream = syntheticTs({ bitRate: 400_000, ...options });
  for (;;) yield Buffer.concat(Array.from({ length: 25 }, () => stream.next().value));
}

/** The first `count` of them. */
export function segments(count: number, options: SyntheticOptions = {}): Buffer[] {
  const stream = syntheticSegments(options);
  return Array.from({ length: count }, () => stream.next().value);
}

export interface Listed {
  readonly uri: string;
  readonly before?: string;
  readonly seconds?: number;
}

/** A media playlist of segments that last a second. */
export function listOf(first: number, items: readonly (Listed | string)[], more: readonly string[] = []): string {
  const lines = items.flatMap((item) => {
    const { uri, before, seconds = 1 } = typeof item === 'string' ? { uri: item } : item;
    return [...(before === undefined ? [] : [before]), `#EXTINF:${seconds.toFixed(3)},`, uri];
  });
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...more,
    ...lines,
    '',
  ].join('\n');
}

export const finished = '#EXT-X-ENDLIST';

/** What came out of an upstream. */
export class Played {
  /** Bytes between cuts. */
  readonly pieces: Buffer[][] = [[]];
  alive = 0;
  lost: CoaxError | null = null;
  readonly upstream: Upstream;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    upstream.start({
      data: (chunk) => this.pieces.at(-1)?.push(chunk),
      cut: () => this.pieces.push([]),
      alive: () => this.alive++,
      lost: (error) => {
        this.lost = error;
      },
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces.flat());
  }

  get length(): number {
    return this.pieces.flat().reduce((sum, { length }) => sum + length, 0);
  }

  /** Running numbers of pictures that do not follow on, as `a>b`, in each piece; and how many there are. */
  get stamps(): { readonly breaks: string[]; readonly first: number; readonly last: number } {
    const breaks: string[] = [];
    let first = -1;
    let last = -1;
    for (const piece of this.pieces) {
      const bytes = Buffer.concat(piece);
      for (let at = 0; at + 188 <= bytes.length; at += 188) {
        const stamp = pidOf(bytes, at) === videoPid ? stampOf(bytes, at) : -1;
        if (stamp < 0) continue;
        if (first < 0) first = stamp;
        if (last >= 0 && stamp !== last + 1) breaks.push(`${last}>${stamp}`);
        last = stamp;
      }
    }
    return { breaks, first, last };
  }
}

/** The number of the last picture of the n-th segment, n counted from 1. */
export function lastStampOf(all: readonly Buffer[], n: number): number {
  const played = Buffer.concat(all.slice(0, n));
  let last = -1;
  for (let at = 0; at + 188 <= played.length; at += 188)
    if (pidOf(played, at) === videoPid) last = Math.max(last, stampOf(played, at));
  return last;
}

/** A lease of a real pool, an upstream on it, and a clock that a test moves. */
export class HlsRig implements AsyncDisposable {
  readonly clock = fakeTime();
  readonly pool = oneAccountPool(2_000);
  readonly #end = new AbortController();
  readonly #played: Played[] = [];
  lease: Lease | null = null;

  /** Opens the stream at an address, on the lease of the time before where there was one. */
  async open(
    url: string,
    more: { readonly reach?: HttpReach; readonly headers?: HttpUpstreamRequest['headers'] } = {},
  ): Promise<Played> {
    this.lease ??= await takeLease(this.pool, this.#end.signal);
    const opening = openHttpUpstream(
      { kind: 'http', urls: [url], headers: { 'user-agent': 'test', ...more.headers } },
      { lease: this.lease, signal: this.#end.signal, connectMs: 5_000, stallMs: 4_000 },
      more.reach,
    );
    const played = new Played(await this.#during(opening));
    this.#played.push(played);
    return played;
  }

  /** Opens the stream at an address, and plays it until it is lost or over. */
  async play(...open: Parameters<HlsRig['open']>): Promise<Played> {
    const played = await this.open(...open);
    await this.until('it is over', () => played.lost !== null);
    return played;
  }

  /** Moves the clock until something is so. */
  async until(what: string, isSo: () => boolean, mostMs = 60_000): Promise<void> {
    for (let ms = 0; ms < mostMs; ms += 20) {
      if (isSo()) return;
      // oxlint-disable-next-line no-await-in-loop -- step by step
      await this.step();
    }
    throw new Error(`it never came to this: ${what}`);
  }

  /** Twenty milliseconds, with time for the sockets. */
  async step(ms = 20): Promise<void> {
    await this.clock.tickAsync(ms);
    for (let turn = 0; turn < 4; turn++) {
      // oxlint-disable-next-line no-await-in-loop -- one turn of the loop after the other
      await new Promise<void>((resolve) => realImmediate(resolve));
    }
  }

  async #during<Value>(promise: Promise<Value>): Promise<Value> {
    const state = { isOver: false };
    const over = (): void => {
      state.isOver = true;
    };
    promise.then(over, over);
    for (let turn = 0; !state.isOver; turn++) {
      // oxlint-disable-next-line no-await-in-loop -- step by step
      await this.step();
      // A name is looked up on another thread.
      // oxlint-disable-next-line no-await-in-loop
      if (turn % 16 === 15) await new Promise<void>((resolve) => void realTimeout(resolve, 1));
    }
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    for (const { upstream } of this.#played) upstream.destroy();
    this.lease?.end();
    this.clock.restore();
    await Promise.all(this.#played.map(({ upstream }) => upstream.closed));
    await this.pool.stop();
  }
}
