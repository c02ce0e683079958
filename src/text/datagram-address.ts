import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Where datagrams are to be received, as an address of a playlist tells it. */
export interface DatagramAddress {
  /** A multicast group, or one of the own addresses; without brackets; empty is all own addresses. */
  readonly address: string;
  readonly port: number;
  /** The only sender that is wanted. */
  readonly sender?: string;
  /** Name or address of the network interface. */
  readonly interface?: string;
  readonly rtp: boolean;
}

/** Those of VLC, where an address names none. */
const usualPorts = { udp: 1234, rtp: 5004 } as const;
const place = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/;
const interfaceName = /^[A-Za-z][\w.-]{0,14}$/;

/**
 * Takes an address of the kind `udp:` or `rtp:` apart, as VLC (`udp://@239.0.0.1:1234`, `rtp://sender@232.0.0.1:5004`), ffmpeg, Kodi
 * (`?localaddr=`, `?sources=`), tvheadend, Astra (`udp://eth0@239.0.0.1:1234`) and Flussonic (`udp://239.0.0.1:1234/10.0.0.5`) write it.
 * What cannot be one gives a reason in words, which does not quote it.
 */
export function parseDatagramAddress(text: string): DatagramAddress | string {
  const match = /^(udp|rtp):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/i.exec(text.trim());
  if (match === null) return 'The address is none of a stream over UDP';
  const [, scheme = 'udp', authority = '', path = '', query = ''] = match;
  const rtp = scheme.toLowerCase() === 'rtp';
  const at = authority.lastIndexOf('@');
  const target = place.exec(authority.slice(at + 1));
  if (target === null) return 'The address names no group and port that could be read';
  const [zoned = '', zone] = (target[1] ?? target[2] ?? '').split('%', 2);
  const port = portOf(target[3], rtp);
  if (port === null) return 'The port has to be a number from 1 to 65535';
  const address = zoned === 'localhost' ? '127.0.0.1' : zoned;
  if (/^[\d.]+$/.test(address) && isIP(address) === 0) return 'The address of the group is no IP address';
  if (target[1] !== undefined && isIP(address) !== 6) return 'The address of the group is no IPv6 address';
  const before =
    place
      .exec(at < 0 ? '' : authority.slice(0, at))
      ?.slice(1, 3)
      .find((part) => part !== undefined) ?? '';
  const options = new Map(new URLSearchParams(query));
  const sender = isIP(before) > 0 ? before : options.get('sources')?.split(',')[0];
  if (sender !== undefined && isIP(sender) === 0) return 'The sender is no IP address';
  if (sender !== undefined && isIP(address) > 0 && isIP(sender) !== isIP(address))
    return 'The group and its sender are not of the same kind';
  const named = isIP(before) === 0 && before !== '' ? before : undefined;
  const own = isIP(path) > 0 ? path : undefined;
  const near = options.get('localaddr') ?? options.get('interface') ?? options.get('iface') ?? zone ?? named ?? own;
  if (near !== undefined && isIP(near) === 0 && !interfaceName.test(near))
    return 'The network interface is neither a name nor an IP address';
  return {
    // A name, or somebody else's address, can not be listened at: it tells who sends.
    address: isIP(address) > 0 ? address : '',
    port,
    rtp,
    ...(sender !== undefined && { sender }),
    ...(near !== undefined && { interface: near }),
  };
}

/** True for an IP address that has to be joined. */
export function isMulticast(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'multicast';
}

function portOf(text: string | undefined, rtp: boolean): number | null {
  if (text === undefined || text === '') return usualPorts[rtp ? 'rtp' : 'udp'];
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}
