import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** True for an address of the public internet. Loopback, private, link-local and special ranges are not. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === 'unicast';
}

/**
 * A DNS look-up that refuses hosts inside the own network, so that a playlist's logo address can't be used to reach them (design X3). The
 * check is on the address that is connected to, so a name that changes its address between check and use gains nothing. `trusted` hosts
 * are those of the sources themselves.
 */
export function guardedLookup(trusted: ReadonlySet<string>): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 4);
        return;
      }
      const allowed = trusted.has(hostname.toLowerCase())
        ? addresses
        : addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (first === undefined)
        callback(Object.assign(new Error(`${hostname} is not a public host`), { code: 'EACCES' }), '', 4);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** Literal addresses skip DNS, so they are checked here. */
export function isAllowedHost(hostname: string, trusted: ReadonlySet<string>): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return trusted.has(bare) || trusted.has(hostname.toLowerCase()) || !ipaddr.isValid(bare) || isPublicAddress(bare);
}
