import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { rtpPacket } from '../mpegts/rtp-packets.ts';

export interface RtspOptions {
  /** A transport stream, sent again and again. */
  readonly media: Buffer;
  /** Basic authentication; anybody when absent. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Answers DESCRIBE with this status, whoever asks. */
  readonly refuse?: number;
  /** Bytes per second. */
  readonly rate?: number;
}

/** A small RTSP server that plays a transport stream in RTP over the connection itself (RFC 2326 10.12). */
export class RtspServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: RtspOptions;
  readonly sockets = new Set<Socket>();
  connections = 0;
  refusals = 0;
  userAgent = '';

  private constructor(options: RtspOptions) {
    this.#options = options;
    this.#server = createServer((socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      this.#serve(socket);
    });
  }

  static async start(options: RtspOptions): Promise<RtspServer> {
    const server = new RtspServer(options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      // What the client sends in between are its reports (RTCP): they begin with a $ and are of no interest.
      text += bytes[0] === 0x24 ? '' : bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        this.#answer(socket, text.slice(0, end));
        text = text.slice(end + 4);
      }
    });
  }

  #answer(socket: Socket, request: string): void {
    const [method = ''] = request.split(' ');
    const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1] ?? '';
    const say = (status: string, headers: readonly string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      socket.write([`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq')}`, ...headers, ...length, '', body].join('\r\n'));
    };
    this.userAgent = header('User-Agent');
    const { login, refuse } = this.#options;
    const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    if (method === 'OPTIONS') say('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
    else if (expected !== undefined && header('Authorization') !== expected) {
      this.refusals++;
      say('401 Unauthorized', ['WWW-Authenticate: Basic realm="tv"']);
    } else if (method === 'DESCRIBE' && refuse !== undefined) say(`${refuse} Refused`);
    else if (method === 'DESCRIBE')
      say(
        '200 OK',
        ['Content-Type: application/sdp'],
        'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=tv\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track1\r\n',
      );
    else if (method === 'SETUP')
      say('200 OK', [
        `Session: ${createHash('md5').update(request).digest('hex').slice(0, 8)}`,
        'Transport: RTP/AVP/TCP;unicast;interleaved=0-1',
      ]);
    else if (method === 'PLAY') {
      say('200 OK', [`Session: ${header('Session')}`]);
      this.#play(socket);
    } else say('200 OK', [`Session: ${header('Session')}`]);
    if (method === 'TEARDOWN') socket.end();
  }

  #play(socket: Socket): void {
    const { media, rate = 250_000 } = this.#options;
    const startedAt = performance.now();
    let sent = 0;
    let sequence = 65_500;
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * rate + rate;
      for (; sent < due && socket.writableLength < 1_000_000; sent += 1_316) {
        const at = sent % media.length;
        const packet = rtpPacket({ sequence: sequence++, payload: media.subarray(at, at + 1_316) });
        const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
        socket.write(Buffer.concat([head, packet]));
      }
    }, 20);
    socket.on('close', () => clearInterval(timer));
  }
}
