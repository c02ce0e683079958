import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rtpPacket } from '../mpegts/rtp-packets.ts';
import { syntheticTs } from './ts-builder.ts';

const datagramBytes = 1_316;

/** Sends a transport stream in datagrams on loopback, as a tuner in the network would. */
export class UdpSender implements Disposable {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #address: string;
  #sequence = 65_530;

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket;
    this.#address = address;
    this.#port = port;
  }

  static async start(address: string, port: number, own = '127.0.0.1'): Promise<UdpSender> {
    const socket = createSocket('udp4');
    socket.bind(0, own);
    await once(socket, 'listening');
    if (address.startsWith('2')) {
      socket.setMulticastInterface('127.0.0.1');
      socket.setMulticastLoopback(true);
    }
    return new UdpSender(socket, address, port);
  }

  datagram(bytes: Buffer): void {
    this.#socket.send(bytes, this.#port, this.#address);
  }

  /** Cuts bytes into datagrams, in RTP where that is asked for. */
  send(bytes: Buffer, { rtp = false, size = datagramBytes }: { rtp?: boolean; size?: number } = {}): void {
    for (let at = 0; at < bytes.length; at += size) {
      const payload = bytes.subarray(at, at + size);
      this.datagram(rtp ? rtpPacket({ sequence: this.#sequence++, payload }) : payload);
    }
  }

  /** Leaves out so many of RTP, as a network that loses them. */
  skip(count: number): void {
    this.#sequence += count;
  }

  /** Sends a synthetic channel until it is stopped. */
  play({ rtp = false, everyMs = 5 }: { rtp?: boolean; everyMs?: number } = {}): Disposable {
    const stream = syntheticTs({ bitRate: 800_000, keyFrameMs: 400 });
    const timer = setInterval(() => this.send(stream.next().value, { rtp }), everyMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A port that nobody listens at. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Whether this machine lets groups be joined on its loopback interface, and gives what is sent there to those who joined. */
export async function multicastWorks(): Promise<boolean> {
  const port = await freeUdpPort();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    socket.bind(port, '239.255.77.1');
    await once(socket, 'listening');
    socket.addMembership('239.255.77.1', '127.0.0.1');
    using sender = await UdpSender.start('239.255.77.1', port);
    const got = once(socket, 'message', { signal: AbortSignal.timeout(1_000) });
    sender.datagram(Buffer.from('hello'));
    await got;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
