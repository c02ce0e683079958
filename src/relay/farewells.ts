import type { Socket } from 'node:net';

/** Sockets whose stream is over and whose last bytes are on their way. Each ends by itself, or is destroyed when it makes no progress. */
export class Farewells {
  readonly #sockets = new Set<Socket>();
  #whenEmpty: (() => void) | undefined;

  get size(): number {
    return this.#sockets.size;
  }

  /** Sends what is queued, then FIN. A socket that is silent for `patienceMs` is destroyed. */
  end(socket: Socket, patienceMs: number): void {
    if (socket.closed) return;
    this.#sockets.add(socket);
    // A socket's own timeout starts anew with each write that gets through.
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#whenEmpty?.();
    });
    socket.destroySoon();
  }

  /** Resolves when all have closed; what is left after `withinMs` is destroyed. */
  async settle(withinMs: number): Promise<void> {
    if (this.#sockets.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, withinMs);
    await promise;
    clearTimeout(timer);
  }
}
