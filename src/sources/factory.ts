import type { SourceConfig } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { accountsOf, type KnownLogins } from './accounts-of.ts';
import type { BaseUrlHealth } from './base-url-health.ts';
import type { SourceReader, StreamResolver } from './contract.ts';
import { DemoReader, DemoResolver } from './demo/demo-source.ts';
import { M3uReader } from './m3u/reader.ts';
import { M3uResolver } from './m3u/resolver.ts';
import { type ListGate, ProviderClient } from './provider-client.ts';
import { hostOf } from './provider-http.ts';
import { requestHeaders } from './request-headers.ts';
import type { RetryPolicy } from './retry-delay.ts';
import { proxied } from './with-proxy.ts';
import { XtreamReader } from './xtream/reader.ts';
import { XtreamResolver } from './xtream/resolver.ts';

export interface ReaderDeps {
  readonly log: Log;
  /** How long a provider may be silent; one minute when absent. */
  readonly silenceMs?: number;
  /** The largest list or guide, unpacked; 4 GiB when absent. */
  readonly maxBytes?: number;
  readonly health?: BaseUrlHealth;
  readonly gate?: ListGate;
  readonly retry?: RetryPolicy;
}

/** Makes the reader of a source. Throws CONFIG_INVALID for an Xtream source whose address is none. */
export function createReader(config: SourceConfig, deps: ReaderDeps): SourceReader {
  if (config.kind === 'demo') return new DemoReader();
  const log = deps.log.child({ source: config.id });
  const client = new ProviderClient({
    headers: requestHeaders(config),
    hosts: new Set([config.url, ...config.baseUrls].map(hostOf)),
    log,
    silenceMs: deps.silenceMs ?? 60_000,
    maxBytes: deps.maxBytes ?? 4 * 1024 ** 3,
    proxy: config.proxy,
    ...(deps.gate === undefined ? {} : { gate: deps.gate }),
    ...(deps.health === undefined ? {} : { health: deps.health }),
    ...(deps.retry === undefined ? {} : { retry: deps.retry }),
  });
  return config.kind === 'xtream' ? new XtreamReader(config, { client, log }) : new M3uReader(config, { client, log });
}

/** Makes the resolver of a source, with what earlier logins taught. Throws CONFIG_INVALID as `createReader` does. */
export function createResolver(
  config: SourceConfig,
  known: KnownLogins = {},
  deps: { readonly health?: BaseUrlHealth } = {},
): StreamResolver {
  if (config.kind === 'demo') return new DemoResolver(accountsOf(config, known));
  const Resolver = config.kind === 'm3u' ? M3uResolver : XtreamResolver;
  return proxied(new Resolver(config, known, deps), config.proxy);
}
