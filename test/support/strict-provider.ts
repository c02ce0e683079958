import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path of the strict provider wants to see. */
export type Wants = (headers: IncomingMessage['headers']) => boolean;

/** Whatever lies here is passed on as it is asked for, if the entry for the folder lets it: playlists and their segments. */
const folder = '/live/';
const inside = /^\/(?:live|hls)\//;

/** A provider that gives a stream only to those who ask in the right way, and a playlist it is given. The streams are another's. */
export class StrictProvider implements AsyncDisposable {
  readonly paths = new Map<string, Wants>();
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  playlist = '';
  wantsForPlaylist: Wants = () => true;
  readonly #server: Server;
  readonly #media: string;

  private constructor(media: string) {
    this.#media = media;
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.requests.push({ path, headers: request.headers });
      if (path === '/list.m3u') {
        const admitted = this.wantsForPlaylist(request.headers);
        response.writeHead(admitted ? 200 : 403, {
          'content-type': 'audio/x-mpegurl',
          'set-cookie': 'list=seen; Path=/',
        });
        response.end(admitted ? this.playlist : 'no');
        return;
      }
      const inFolder = inside.test(path);
      const wants = this.paths.get(inFolder ? folder : path);
      if (wants === undefined || !wants(request.headers)) {
        response.writeHead(wants === undefined ? 404 : 403).end('no');
        return;
      }
      if (path === '/start') {
        response.writeHead(302, { location: '/hop', 'set-cookie': 'hop=1' }).end();
        return;
      }
      const onward = httpRequest(inFolder ? new URL(path, this.#media) : this.#media, { agent: false }, (answer) => {
        const { connection: _connection, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, headers);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      onward.on('error', () => response.destroy());
      response.once('close', () => onward.destroy());
      onward.end();
    });
  }

  static async start(media: string): Promise<StrictProvider> {
    const provider = new StrictProvider(media);
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string, host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
