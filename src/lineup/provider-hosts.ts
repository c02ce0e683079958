import type { SourceConfig } from '../config/schema.ts';

const bare = (hostname: string): string =>
  hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();

/** The host of an address, without a port; null when it has none. */
export function hostOf(address: string): string | null {
  const hostname = URL.parse(address)?.hostname ?? '';
  return hostname === '' ? null : bare(hostname);
}

/** Hosts at which a source's provider is asked for lists, guides and streams. */
export function hostsOfSources(
  sources: readonly Pick<SourceConfig, 'url' | 'baseUrls' | 'epgUrl'>[],
): ReadonlySet<string> {
  const addresses = sources.flatMap(({ url, baseUrls, epgUrl }) => [url, epgUrl, ...baseUrls]);
  return new Set(addresses.map(hostOf).filter((host) => host !== null));
}

/** Whether a host is one of a provider, or lies below one: `img.panel.example` below `panel.example`. */
export function belongsTo(hosts: ReadonlySet<string>, hostname: string): boolean {
  const host = bare(hostname);
  if (hosts.has(host)) return true;
  // An IPv4 address has dots, but nothing lies below it.
  if (/^[\d.]+$/.test(host)) return false;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1))
    if (hosts.has(host.slice(dot + 1))) return true;
  return false;
}
