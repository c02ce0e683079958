import type { Socket } from 'node:net';

/** What the provider has seen of one login. All of it comes from its own sockets. */
export interface LoginCounts {
  readonly username: string;
  /** Media sockets open now. */
  readonly open: number;
  /** Closed ones that still count (release delay). */
  readonly held: number;
  /** The most that counted at once. */
  readonly peak: number;
  readonly opened: number;
  /** Requests turned away because the limit was reached. */
  readonly refused: number;
  /** Media sockets that came while another of the login still counted. */
  readonly overlaps: number;
  /** Requests on a socket that already counted. */
  readonly reused: number;
  /** Milliseconds between the last close and the next request, for those that came next; the latest 1000. */
  readonly gapsMs: readonly number[];
}

interface Entry {
  readonly username: string;
  readonly socket: Socket;
}

class Book {
  readonly open = new Set<Entry>();
  readonly held = new Set<Entry>();
  readonly gapsMs: number[] = [];
  peak = 0;
  opened = 0;
  refused = 0;
  overlaps = 0;
  reused = 0;
  lastClosedAt = Number.NaN;
}

/** Counts media sockets by login, as a panel does: from the request's acceptance to the socket's close, plus the release delay. */
export class Ledger {
  readonly #books = new Map<string, Book>();
  readonly #bySocket = new WeakMap<Socket, Entry>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** What counts now: open sockets and those not yet released. */
  counted(username: string): number {
    const book = this.#books.get(username);
    return book === undefined ? 0 : book.open.size + book.held.size;
  }

  /**
   * Takes a connection for `socket`, or returns false when `limit` (0: none) is reached. A socket that counts already is not
   * counted twice. `releaseDelayMs` is asked at the close.
   */
  take(username: string, socket: Socket, limit: number, external: number, releaseDelayMs: () => number): boolean {
    const book = this.#book(username);
    const known = this.#bySocket.get(socket);
    if (known !== undefined && known.username === username && book.open.has(known)) {
      book.reused += 1;
      return true;
    }
    const before = book.open.size + book.held.size;
    if (before > 0) book.overlaps += 1;
    if (limit > 0 && before + external >= limit) {
      book.refused += 1;
      return false;
    }
    const entry: Entry = { username, socket };
    if (book.opened > 0 && before === 0 && book.gapsMs.length < 1000)
      book.gapsMs.push(Math.round((performance.now() - book.lastClosedAt) * 10) / 10);
    book.open.add(entry);
    book.opened += 1;
    book.peak = Math.max(book.peak, before + 1);
    this.#bySocket.set(socket, entry);
    // A FIN from the client ends the connection here and now, as servers do that watch their clients.
    socket.once('end', () => socket.destroy());
    socket.once('close', () => this.#closed(book, entry, releaseDelayMs()));
    return true;
  }

  counts(): LoginCounts[] {
    return [...this.#books].map(([username, book]) => ({
      username,
      open: book.open.size,
      held: book.held.size,
      peak: book.peak,
      opened: book.opened,
      refused: book.refused,
      overlaps: book.overlaps,
      reused: book.reused,
      gapsMs: book.gapsMs,
    }));
  }

  /** Starts the statistics anew; what is open stays counted. */
  reset(): void {
    for (const book of this.#books.values()) {
      book.peak = book.open.size + book.held.size;
      book.opened = 0;
      book.refused = 0;
      book.overlaps = 0;
      book.reused = 0;
      book.gapsMs.length = 0;
    }
  }

  sockets(username?: string): Socket[] {
    return [...this.#books]
      .filter(([name]) => username === undefined || name === username)
      .flatMap(([, book]) => [...book.open].map((entry) => entry.socket));
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #book(username: string): Book {
    const known = this.#books.get(username);
    if (known !== undefined) return known;
    const book = new Book();
    this.#books.set(username, book);
    return book;
  }

  #closed(book: Book, entry: Entry, delayMs: number): void {
    book.open.delete(entry);
    book.lastClosedAt = performance.now();
    if (delayMs <= 0) return;
    book.held.add(entry);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      book.held.delete(entry);
    }, delayMs);
    this.#timers.add(timer);
  }
}
