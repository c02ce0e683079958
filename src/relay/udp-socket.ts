import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { LeasedSocket } from '../accounts/lease.ts';
import { CoaxError } from '../errors.ts';
import type { UdpUpstreamRequest } from '../model/upstream-request.ts';
import { isMulticast } from '../text/datagram-address.ts';

/** A second of a fast channel; the kernel may give less (`net.core.rmem_max`). */
const receiveBytes = 4_194_304;

export interface UdpEvents {
  datagram(bytes: Buffer): void;
  /** It can not listen, or not any longer. Not after `destroy`. */
  failed(error: CoaxError): void;
}

/** A socket that listens for datagrams. It is in its group from `open` until `destroy`, which leaves it in the same turn. */
export class UdpSocket implements LeasedSocket {
  readonly #socket: Socket;
  readonly #request: UdpUpstreamRequest;
  readonly #events: UdpEvents;
  #destroyed = false;
  #closed = false;

  constructor(request: UdpUpstreamRequest, events: UdpEvents) {
    this.#request = request;
    this.#events = events;
    const type = isIPv6(request.address) ? 'udp6' : 'udp4';
    // Several programs may listen to one group; a port of our own is nobody else's.
    this.#socket = createSocket({ type, reuseAddr: isMulticast(request.address) });
    this.#socket.once('close', () => (this.#closed = true));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('message', this.#received);
  }

  get closed(): boolean {
    return this.#closed;
  }

  once(event: 'close', listener: () => void): void {
    this.#socket.once(event, listener);
  }

  /** Binds the port and joins the group; what goes wrong is told by `failed`. */
  open(): void {
    const { address, port } = this.#request;
    const any = isIPv6(address) ? '::' : '0.0.0.0';
    // Bound to its group, a socket gets nothing of other groups; Windows only takes own addresses.
    const own = address !== '' && !(isMulticast(address) && process.platform === 'win32');
    this.#socket.bind({ address: own ? address : any, port, exclusive: true }, () => this.#join());
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#socket.close();
  }

  #join(): void {
    if (this.#destroyed) return;
    const { address, sender } = this.#request;
    try {
      grow(this.#socket);
      if (!isMulticast(address)) return;
      const at = interfaceFor(this.#request);
      if (sender === undefined) this.#socket.addMembership(address, at);
      else this.#socket.addSourceSpecificMembership(sender, address, at);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #received = (bytes: Buffer, { address }: RemoteInfo): void => {
    const { sender } = this.#request;
    if (!this.#destroyed && (sender === undefined || sender === address)) this.#events.datagram(bytes);
  };

  #fail(cause: unknown): void {
    if (this.#destroyed) return;
    this.#events.failed(cause instanceof CoaxError ? cause : socketError(cause));
  }
}

function grow(socket: Socket): void {
  try {
    socket.setRecvBufferSize(receiveBytes);
  } catch {
    // Some systems refuse what is more than they allow; then their own size has to do.
  }
}

/** The interface as the socket wants it: an own address (IPv4) or `::%name` (IPv6); undefined leaves it to the system. */
function interfaceFor({ address, interface: wanted }: UdpUpstreamRequest): string | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const isIt = name === wanted || addresses.some((one) => one.address === wanted);
    if (!isIt) continue;
    if (family === 'IPv6') return `::%${process.platform === 'win32' ? (addresses[0]?.scopeid ?? name) : name}`;
    const own = addresses.filter((one) => one.family === family);
    const match = own.find((one) => one.address === wanted) ?? own[0];
    if (match !== undefined) return match.address;
  }
  throw new CoaxError('UPSTREAM_UNREACHABLE', `This machine has no network interface ${wanted} with ${family}`);
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port of the stream is used by another program',
  EACCES: 'The port of the stream may not be listened at',
  EADDRNOTAVAIL: 'The address of the stream is none of this machine',
  ENODEV: 'The group of the stream can not be joined: no network interface leads to it; name one in the source',
  ENOBUFS:
    'The group of the stream can not be joined: this machine is in too many groups (net.ipv4.igmp_max_memberships)',
};

function socketError(cause: unknown): CoaxError {
  const code = (cause as { code?: string }).code ?? 'unknown';
  const message = reasons[code] ?? `The stream can not be received (${code})`;
  return new CoaxError('UPSTREAM_UNREACHABLE', message, { cause, details: { reason: code } });
}
