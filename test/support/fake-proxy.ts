import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface ProxyLogin {
  readonly username: string;
  readonly password: string;
}

/** A proxy on loopback that remembers where it was asked to go, and counts the connections it has. */
export class FakeProxy implements AsyncDisposable {
  readonly kind: 'http' | 'socks';
  /** `host:port` of every request it passed on, in order. A name stays a name. */
  readonly targets: string[] = [];
  /** How it was asked: `CONNECT`, `GET`, `socks4`, `socks4a`, `socks5`. */
  readonly ways: string[] = [];
  readonly sockets = new Set<Socket>();
  /** Those whose other side has not closed yet. */
  readonly #open = new Set<Socket>();
  most = 0;
  refusedLogins = 0;
  /** Answers nothing after the connection was made. */
  mute = false;
  /** A reply code of SOCKS, or a status of HTTP, instead of a connection. */
  answer: number | null = null;
  readonly #server: Server;
  readonly #login: ProxyLogin | undefined;

  private constructor(kind: 'http' | 'socks', login: ProxyLogin | undefined) {
    this.kind = kind;
    this.#login = login;
    this.#server = kind === 'http' ? this.#http() : createServer((socket) => void this.#socks(socket).catch(() => {}));
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      this.#open.add(socket);
      // The end of one socket may lie in the same turn of the loop as the start of the next: whoever came first counts, so look later.
      setImmediate(() => setImmediate(() => (this.most = Math.max(this.most, this.#open.size))));
      for (const event of ['end', 'error', 'close']) socket.on(event, () => this.#open.delete(socket));
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(kind: 'http' | 'socks', login?: ProxyLogin): Promise<FakeProxy> {
    const proxy = new FakeProxy(kind, login);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address, with a login if one is given. */
  url(scheme: string = this.kind === 'http' ? 'http' : 'socks5h', login = this.#login): string {
    const userinfo =
      login === undefined ? '' : `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`;
    return `${scheme}://${userinfo}127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #http(): Server {
    const admits = (authorization: string | undefined): boolean => {
      if (this.#login === undefined) return true;
      const { username, password } = this.#login;
      const right = authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      if (!right) this.refusedLogins += 1;
      return right;
    };
    const server = createHttpServer((request, response) => {
      if (this.mute) return;
      if (!admits(request.headers['proxy-authorization'])) return done(response.writeHead(407).end('who are you'));
      const url = URL.parse(request.url ?? '');
      if (url === null) return done(response.writeHead(400).end('no address'));
      if (this.answer !== null) return done(response.writeHead(this.answer).end());
      this.ways.push(request.method ?? '');
      this.targets.push(url.host);
      const { 'proxy-authorization': _login, ...headers } = request.headers;
      const near = new URL(url);
      near.hostname = nearby(url.hostname);
      const onward = httpRequest(near, { method: request.method ?? 'GET', headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
        response.once('close', () => answer.destroy());
      });
      onward.on('error', () => response.headersSent || response.writeHead(502).end());
      onward.end();
    });
    server.on('connect', (request, socket: Socket) => {
      if (this.mute) return done(socket.resume());
      if (!admits(request.headers['proxy-authorization']))
        return done(socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'));
      if (this.answer !== null) return done(socket.end(`HTTP/1.1 ${this.answer} No\r\nContent-Length: 0\r\n\r\n`));
      this.ways.push('CONNECT');
      this.targets.push(request.url ?? '');
      const [host = '', port = ''] = (request.url ?? '').split(':');
      join(socket, host, Number(port), () => socket.write('HTTP/1.1 200 Connected\r\n\r\n'));
    });
    return server;
  }

  async #socks(socket: Socket): Promise<void> {
    const bytes = reader(socket);
    const version = (await bytes(1))[0];
    if (this.mute) return done(socket.resume());
    if (version === 4) return this.#socks4(socket, bytes);
    const methods = await bytes((await bytes(1))[0] ?? 0);
    if (this.#login === undefined) socket.write(Buffer.from([5, 0]));
    else if (!methods.includes(2)) {
      this.refusedLogins += 1;
      return done(socket.end(Buffer.from([5, 0xff])));
    } else {
      socket.write(Buffer.from([5, 2]));
      await bytes(1);
      const username = String(await bytes((await bytes(1))[0] ?? 0));
      const password = String(await bytes((await bytes(1))[0] ?? 0));
      const right = username === this.#login.username && password === this.#login.password;
      socket.write(Buffer.from([1, right ? 0 : 1]));
      if (!right) {
        this.refusedLogins += 1;
        return done(socket.end());
      }
    }
    const type = (await bytes(4))[3];
    const host =
      type === 1 ? [...(await bytes(4))].join('.') : type === 3 ? String(await bytes((await bytes(1))[0] ?? 0)) : '::1';
    if (type === 4) await bytes(16);
    const port = (await bytes(2)).readUInt16BE();
    const reply = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (this.answer !== null) return done(socket.end(reply(this.answer)));
    this.ways.push('socks5');
    this.targets.push(`${host}:${port}`);
    join(socket, host, port, () => socket.write(reply(0)));
  }

  async #socks4(socket: Socket, bytes: (count: number) => Promise<Buffer>): Promise<void> {
    await bytes(1);
    const port = (await bytes(2)).readUInt16BE();
    const address = await bytes(4);
    const untilZero = async (): Promise<string> => {
      let text = '';
      for (;;) {
        const byte = await bytes(1);
        if (byte[0] === 0) return text;
        text += byte.toString('latin1');
      }
    };
    await untilZero();
    const named = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
    const host = named ? await untilZero() : [...address].join('.');
    if (this.answer !== null) return done(socket.end(Buffer.from([0, this.answer, 0, 0, 0, 0, 0, 0])));
    this.ways.push(named ? 'socks4a' : 'socks4');
    this.targets.push(`${host}:${port}`);
    join(socket, host, port, () => socket.write(Buffer.from([0, 90, 0, 0, 0, 0, 0, 0])));
  }
}

/** Names of tests lead to this machine, so that who looked them up can be told. */
const nearby = (host: string): string => (host.endsWith('.test') ? '127.0.0.1' : host);

/** The end of a handler. */
function done(_result: unknown): void {}

/** Reads exactly as many bytes as are asked for. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const chunk = socket.read(count) as Buffer | null;
      if (chunk !== null) return chunk;
      await once(socket, 'readable');
    }
  };
}

function join(socket: Socket, host: string, port: number, connected: () => void): void {
  const onward = connect({ host: nearby(host), port }, () => {
    connected();
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  onward.once('close', () => socket.destroy());
  socket.once('close', () => onward.destroy());
}
