import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import NodeCache from 'node-cache';
import type { Config, SourceConfig } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { type Proxy, parseProxy } from '../sources/proxy.ts';
import { proxyAgents } from '../sources/proxy-agent.ts';
import type { HostGate } from '../sources/host-gate.ts';
import { guardedLookup, isAllowedHost } from './address-guard.ts';
import { fetchImage } from './image-fetch.ts';
import { imageTypeOf } from './image-type.ts';
import { placeholderLogo } from './placeholder-logo.ts';

const mostBytes = 5_000_000;
const mostAtOnce = 6;
const failureSec = 900;
const longestMs = 16_000;

export interface Logo {
  readonly bytes: Buffer;
  readonly contentType: string;
  /** False for a placeholder that stands in until the real one can be had. */
  readonly final: boolean;
}

export interface LogosOptions {
  readonly folder: string;
  readonly config: () => Config;
  readonly log: Log;
  /** Pictures that Coax makes itself, as data URLs; null for every other address. */
  readonly gate?: HostGate;
  readonly builtIn?: (address: string) => string | null;
}

/**
 * Logos through Coax: fetched once, kept by address, served to every client. Providers never see who looks, clients never see the
 * provider, and a logo that can't be had is a placeholder at once instead of a wait at every look.
 */
export class Logos {
  readonly #options: LogosOptions;
  /** Addresses that failed lately; asked again after a quarter of an hour. */
  readonly #failed = new NodeCache({ stdTTL: failureSec, maxKeys: 50_000, useClones: false, checkperiod: 300 });
  readonly #running = new Map<string, Promise<Logo | null>>();
  #active = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: LogosOptions) {
    this.#options = options;
  }

  /** `address` is the provider's; null gives the placeholder. */
  async get(address: string | null, name: string): Promise<Logo> {
    const found = address === null ? null : await this.#shared(address);
    return (
      found ?? { bytes: Buffer.from(placeholderLogo(name)), contentType: 'image/svg+xml', final: address === null }
    );
  }

  close(): void {
    this.#failed.close();
  }

  #shared(address: string): Promise<Logo | null> {
    const running = this.#running.get(address) ?? this.#find(address).finally(() => this.#running.delete(address));
    this.#running.set(address, running);
    return running;
  }

  async #find(address: string): Promise<Logo | null> {
    const own = this.#options.builtIn?.(address) ?? (address.startsWith('data:') ? address : null);
    if (own !== null) return fromDataUrl(own);
    if (!URL.canParse(address) || this.#failed.has(address)) return null;
    const path = join(this.#options.folder, createHash('sha256').update(address).digest('hex').slice(0, 40));
    const kept = await readFile(path).catch(() => null);
    const keptType = kept === null ? null : imageTypeOf(kept);
    if (kept !== null && keptType !== null) return { bytes: kept, contentType: keptType, final: true };
    try {
      const bytes = await this.#inTurn(() => this.#fetch(address));
      const contentType = imageTypeOf(bytes);
      if (contentType === null) throw new Error('not an image');
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      await writeFile(`${path}.tmp`, bytes, { mode: 0o600 });
      await rename(`${path}.tmp`, path);
      return { bytes, contentType, final: true };
    } catch (error) {
      this.#options.log.debug('logo can not be had', { address, error });
      try {
        this.#failed.set(address, true);
      } catch {
        // node-cache throws when it is full; then this address is simply asked again.
      }
      return null;
    }
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#active >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  #fetch(address: string): Promise<Buffer> {
    const origins = this.#sourceOrigins();
    // The look-up knows names only: it trusts the one whose address, port included, has just been admitted.
    const trusted = new Set<string>();
    const lookup = guardedLookup(trusted);
    const admit = (url: URL): void => {
      trusted.clear();
      if (origins.has(originOf(url))) trusted.add(bareHost(url));
      if (!/^https?:$/.test(url.protocol) || !isAllowedHost(url.hostname, trusted))
        throw new Error('not a public address');
    };
    const { gate } = this.#options;
    const signal = AbortSignal.timeout(longestMs);
    const proxy = this.#proxyOf(originOf(new URL(address)));
    const through = proxy === null ? {} : { agents: proxyAgents(proxy, signal), via: `${proxy.host}:${proxy.port}` };
    return fetchImage(address, {
      admit,
      lookup,
      mostBytes,
      signal,
      ...through,
      ...(gate === undefined ? {} : { gate }),
    });
  }

  /** What lies on the hosts of a source is fetched as its lists are: a provider behind a proxy does not see this machine. */
  #proxyOf(origin: string): Proxy | null {
    const { sources } = this.#options.config();
    const source = sources.find((one) => one.enabled && one.proxy !== '' && originsOf(one).has(origin));
    return source === undefined ? null : parseProxy(source.proxy);
  }

  /** Host and port of every source: what lies beside its lists may be in the own network. */
  #sourceOrigins(): Set<string> {
    const { sources } = this.#options.config();
    return new Set(sources.flatMap((source) => [...originsOf(source)]));
  }
}

function originsOf({ url, baseUrls, epgUrl }: SourceConfig): Set<string> {
  const addresses = [url, epgUrl, ...baseUrls].filter((address) => URL.canParse(address));
  return new Set(addresses.map((address) => originOf(new URL(address))));
}

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
const originOf = (url: URL): string =>
  `${bareHost(url)}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`;

function fromDataUrl(address: string): Logo | null {
  const match = /^data:[^,]*?(;base64)?,(.*)$/s.exec(address);
  if (match === null) return null;
  try {
    const bytes =
      match[1] === undefined ? Buffer.from(decodeURIComponent(match[2] ?? '')) : Buffer.from(match[2] ?? '', 'base64');
    const contentType = imageTypeOf(bytes);
    return contentType === null ? null : { bytes, contentType, final: true };
  } catch {
    return null;
  }
}
