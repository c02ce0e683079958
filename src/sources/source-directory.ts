import type { SourceConfig } from '../config/schema.ts';
import { toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Account } from '../model/account.ts';
import type { SourceId } from '../model/ids.ts';
import { accountsOf, type KnownLogins } from './accounts-of.ts';
import type { LoginReport, StreamResolver } from './contract.ts';

export interface SourceDirectoryOptions {
  readonly createResolver: (config: SourceConfig, known: KnownLogins) => StreamResolver;
  readonly log: Log;
}

/** What the last login reports teach about the accounts of a source; they come in the order of its accounts. */
export function knownLogins(config: SourceConfig, reports: readonly LoginReport[]): KnownLogins {
  // Not those of the configuration: a login that stands in the address of the source is an account too.
  const limits = accountsOf(config).flatMap(({ id }, index) => {
    const limit = reports[index]?.maxConnections;
    return limit === undefined ? [] : [[id, limit] as const];
  });
  const formats = reports.find((report) => report.formats !== undefined)?.formats;
  const timeZone = reports.find((report) => report.timeZone !== undefined)?.timeZone;
  return {
    maxConnections: Object.fromEntries(limits),
    ...(formats === undefined ? {} : { formats }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** How the streams of each enabled source are opened, and on which accounts. */
export class SourceDirectory {
  readonly #options: SourceDirectoryOptions;
  readonly #resolvers = new Map<SourceId, StreamResolver>();

  constructor(options: SourceDirectoryOptions) {
    this.#options = options;
  }

  /** Takes over the configuration and what is known of the logins. A source that is off has no resolver. */
  update(sources: readonly SourceConfig[], reportsOf: (id: SourceId) => readonly LoginReport[]): void {
    this.#resolvers.clear();
    for (const config of sources) {
      if (!config.enabled) continue;
      const id = config.id as SourceId;
      try {
        this.#resolvers.set(id, this.#options.createResolver(config, knownLogins(config, reportsOf(id))));
      } catch (error) {
        // One source that can't be used must not cost the others.
        this.#options.log.error('source can not be played', { source: id, error: toCoaxError(error) });
      }
    }
  }

  resolverOf(id: SourceId): StreamResolver | undefined {
    return this.#resolvers.get(id);
  }

  accounts(): Account[] {
    return [...this.#resolvers.values()].flatMap((resolver) => resolver.accounts);
  }
}
