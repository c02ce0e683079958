import type { EndPoints, SendQueueOf } from './send-queues.ts';

/** Remembers when a peer was last seen to take bytes: to acknowledge them, not only to have them queued for it. */
export class Uptake {
  readonly #queueOf: SendQueueOf;
  #atMs: number;
  #lookedMs: number;
  #answeredMs = 0;
  #looking = false;
  #sight: 'none' | 'unlisted' | 'clear' = 'unlisted';
  /** At the last look: bytes given to the kernel, and those the peer had not taken. */
  #handed = -1;
  #queued = -1;
  /** The most that the peer can have taken when it was last seen to take any. */
  #taken = Number.NEGATIVE_INFINITY;

  constructor(queueOf: SendQueueOf, nowMs: number) {
    this.#queueOf = queueOf;
    this.#atMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** How long the peer has taken nothing of what waits for it; as of the last answer where the kernel is asked. */
  silentMs(nowMs: number): number {
    return (this.#sight === 'clear' ? this.#answeredMs : nowMs) - this.#atMs;
  }

  /** When the kernel was last asked. */
  get lookedMs(): number {
    return this.#lookedMs;
  }

  /** `clear` when the kernel's answer counts, `unlisted` when it knows nothing of the socket, `none` when it can not be asked. */
  get sight(): 'none' | 'unlisted' | 'clear' {
    return this.#sight;
  }

  /** Bytes were taken, by what is known without the kernel. */
  took(nowMs: number): void {
    this.#atMs = nowMs;
  }

  /**
   * Asks the kernel; one question at a time. `handed` tells how many bytes it was given so far: what it holds is of a moment between two
   * of its values, so that bytes count as taken only when they must have been.
   */
  async look(socket: EndPoints, handed: () => number): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    this.#lookedMs = performance.now();
    const before = handed();
    const queued = await this.#queueOf(socket);
    const after = handed();
    this.#looking = false;
    if (typeof queued !== 'number') {
      this.#sight = queued === null ? 'none' : 'unlisted';
      return;
    }
    this.#sight = 'clear';
    this.#answeredMs = performance.now();
    const isFirst = this.#queued < 0;
    // A large write goes in bit by bit, as the peer makes room, and counts as handed over only at its end.
    const bitByBit = before === after && after === this.#handed && queued !== this.#queued;
    const isTaken = before - queued > this.#taken || bitByBit || (queued === 0 && before === after);
    this.#handed = after;
    this.#queued = queued;
    if (!isFirst && !isTaken) return;
    this.#taken = after - queued;
    this.#atMs = this.#answeredMs;
  }
}
