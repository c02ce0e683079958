import { Readable } from 'node:stream';
import type { ClipLoop } from './clip-loop.ts';

export interface DemoLiveOptions {
  readonly signal: AbortSignal;
  /** How much of the stream comes at once at the start, so that a player can begin; 3000 ms when absent. */
  readonly burstMs?: number;
  /** How often the next part is due; 40 ms when absent. */
  readonly tickMs?: number;
}

/** At most so much is made in one go after a reader has paused. */
const maxPackets = 1400;

/**
 * A demo channel in real time: a Readable of whole packets that starts with PAT, PMT and a key frame, and never ends by itself. Its
 * clock is the monotonic one, so it does not drift. A reader that pauses finds all it missed. An abort destroys it without an error.
 */
export function demoLive(loop: ClipLoop, options: DemoLiveOptions): Readable {
  return new LiveReadable(loop, options);
}

class LiveReadable extends Readable {
  readonly #loop: ClipLoop;
  readonly #signal: AbortSignal;
  readonly #burstMs: number;
  readonly #tickMs: number;
  readonly #startedAt = performance.now();
  #sent = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(loop: ClipLoop, { signal, burstMs = 3000, tickMs = 40 }: DemoLiveOptions) {
    super({ highWaterMark: 1 << 20 });
    this.#loop = loop;
    this.#signal = signal;
    this.#burstMs = burstMs;
    this.#tickMs = tickMs;
    signal.addEventListener('abort', this.#stop, { once: true });
    if (signal.aborted) this.destroy();
  }

  readonly #stop = (): void => {
    this.destroy();
  };

  override _read(): void {
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal.removeEventListener('abort', this.#stop);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    callback(error);
  }

  /** Node calls `_read` again once what was pushed has been taken, and never while a push is owed. */
  readonly #pump = (): void => {
    this.#timer = null;
    const elapsed = performance.now() - this.#startedAt;
    const due = Math.min(this.#loop.packetsUntil(elapsed + this.#burstMs), this.#sent + maxPackets);
    if (due > this.#sent) {
      const bytes = this.#loop.packets(this.#sent, due);
      this.#sent = due;
      this.push(bytes);
      return;
    }
    // Ticks are counted from the start, so that a late timer does not move those after it.
    const wait = this.#tickMs - (elapsed % this.#tickMs);
    this.#timer = setTimeout(this.#pump, wait);
  };
}
