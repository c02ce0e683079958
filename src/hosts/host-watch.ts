import type { Log } from '../log/log.ts';
import type { HostClient, Watching } from './contract.ts';

const everyMs = 10_000;
const patienceMs = 5_000;

export interface HostWatchOptions {
  readonly clients: () => readonly HostClient[];
  readonly isBusy: () => boolean;
  readonly log: Log;
}

/** Asks the hosts who watches, while anything plays through us. A host that does not answer only costs the names. */
export class HostWatch {
  readonly #options: HostWatchOptions;
  readonly #stopped = new AbortController();
  #watching: readonly Watching[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HostWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (!this.#stopped.signal.aborted) this.start();
      });
    }, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  /** `title` is the name of a channel, movie or episode. */
  watchersOf(title: string): string[] {
    const wanted = folded(title);
    return [...new Set(this.#watching.filter((entry) => folded(entry.title) === wanted).map(({ who }) => who))];
  }

  async #look(): Promise<void> {
    if (!this.#options.isBusy()) {
      this.#watching = [];
      return;
    }
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(patienceMs)]);
    const answers = await Promise.allSettled(this.#options.clients().map((client) => client.watching(signal)));
    this.#watching = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    for (const answer of answers)
      if (answer.status === 'rejected')
        this.#options.log.debug('a media server did not tell who watches', { error: answer.reason });
  }
}

const folded = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
