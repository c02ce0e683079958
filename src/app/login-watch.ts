import type { Config, SourceConfig } from '../config/schema.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { AccountId, SourceId } from '../model/ids.ts';
import { accountsOf } from '../sources/accounts-of.ts';
import type { LoginReport, SourceReader } from '../sources/contract.ts';

/** While somebody waits, a provider is asked about its connections this often; a viewer notices seconds, a panel does not. */
const quietMs = 2_500;
const timeoutMs = 20_000;

export interface LoginWatchOptions {
  readonly config: () => Config;
  readonly readerOf: (source: SourceConfig) => SourceReader;
  readonly log: Log;
  /** `askedAt` is a reading of the monotonic clock. */
  readonly onReports: (id: SourceId, reports: readonly LoginReport[], askedAt: number) => void;
}

/** Logs in to providers: when an admin asks, and when a provider refuses a connection that nothing of ours explains. */
export class LoginWatch {
  readonly #options: LoginWatchOptions;
  readonly #asked = new Map<string, number>();
  readonly #stopping = new AbortController();

  constructor(options: LoginWatchOptions) {
    this.#options = options;
  }

  /** Rejects with NOT_FOUND, or with why the provider could not be asked. */
  async test(id: SourceId, signal: AbortSignal): Promise<readonly LoginReport[]> {
    const source = this.#options.config().sources.find((candidate) => candidate.id === id);
    if (source === undefined) throw new CoaxError('NOT_FOUND', `There is no source ${id}`);
    const askedAt = performance.now();
    const reports = await this.#options.readerOf(source).test(AbortSignal.any([signal, this.#stopping.signal]));
    this.#options.onReports(id, reports, askedAt);
    return reports;
  }

  /** Asks how many connections the provider counts on this account, so that other programs' use is known. Returns at once. */
  lookAt(account: AccountId): void {
    // A login that stands in the address of a source is an account, too.
    const source = this.#options.config().sources.find((one) => accountsOf(one).some(({ id }) => id === account));
    const now = performance.now();
    if (source === undefined || now - (this.#asked.get(source.id) ?? -quietMs) < quietMs) return;
    this.#asked.set(source.id, now);
    this.test(source.id as SourceId, AbortSignal.timeout(timeoutMs)).catch((error: unknown) => {
      this.#options.log.debug('the provider could not be asked for its connections', {
        source: source.id,
        code: toCoaxError(error).code,
      });
    });
  }

  stop(): void {
    this.#stopping.abort(new CoaxError('SHUTTING_DOWN'));
  }
}
