import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { archiveAnswer, archivePlaylist, deliverArchive } from './archive.ts';
import { deliverFile } from './deliver-file.ts';
import { deliverLive } from './deliver-live.ts';
import { HlsPanel } from './hls-panel.ts';
import { Ledger, type LoginCounts } from './ledger.ts';
import { LiveLoop } from './live-loop.ts';
import { liveMedia, movieMedia } from './media.ts';
import { type MediaPath, mediaPath } from './media-path.ts';
import { answerPanel } from './panel-api.ts';
import { channelIdBase } from './panel-lists.ts';
import { RequestLog, type SeenRequest } from './request-log.ts';
import {
  type ApiMode,
  type Behaviour,
  type Fault,
  type MediaName,
  patchSettings,
  type ProviderLogin,
  type ProviderSettings,
  type SettingsPatch,
} from './settings.ts';

const slateProgram = 65_000;

/** All that the provider tells of itself; the control API's `GET /state`. */
export interface ProviderState {
  readonly logins: readonly LoginCounts[];
  /** Sums over all logins, for tests with one login. */
  readonly open: number;
  readonly counted: number;
  readonly peak: number;
  readonly opened: number;
  readonly refused: number;
  readonly overlaps: number;
  /** All TCP connections of panel and edge, API included. */
  readonly sockets: number;
  readonly paths: Readonly<Record<string, number>>;
  readonly userAgents: Readonly<Record<string, number>>;
  readonly heads: number;
  readonly tokenReuses: number;
  readonly requests: readonly SeenRequest[];
}

/** The provider itself: panel, edge server and the count of its own sockets. `start` listens, `stop` closes everything. */
export class Provider {
  settings: ProviderSettings;
  readonly #ledger = new Ledger();
  readonly #hls = new HlsPanel(
    () => this.settings.hls,
    () => this.settings.frozen,
  );
  readonly #log = new RequestLog();
  readonly #panel: Server;
  readonly #edge: Server;
  readonly #sockets = new Set<Socket>();
  readonly #tokens = new Map<string, { path: MediaPath; hops: number }>();
  readonly #usedTokens = new Set<string>();
  readonly #loops = new Map<MediaName, Promise<LiveLoop>>();
  readonly #faultUse = new Map<Fault, number>();
  readonly #startedAt = performance.now();
  #apiAnswers = 0;
  #tokenReuses = 0;

  constructor(settings: ProviderSettings) {
    this.settings = settings;
    // As long as a real server might keep an idle connection: a client that pools it is seen to hold it.
    const options = { keepAliveTimeout: 60_000, requestTimeout: 0, noDelay: true };
    this.#panel = createServer(options, (request, response) => void this.#answer(request, response, 'panel'));
    this.#edge = createServer(options, (request, response) => void this.#answer(request, response, 'edge'));
    for (const server of [this.#panel, this.#edge])
      server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.once('close', () => this.#sockets.delete(socket));
      });
  }

  async start(port: number, edgePort: number): Promise<{ port: number; edgePort: number }> {
    await Promise.all([
      new Promise<void>((resolve) => this.#panel.listen(port, '127.0.0.1', resolve)),
      new Promise<void>((resolve) => this.#edge.listen(edgePort, '127.0.0.1', resolve)),
    ]);
    await this.#loop(this.settings.media);
    await this.#hls.prepare();
    return { port: this.#port(this.#panel), edgePort: this.#port(this.#edge) };
  }

  stop(): void {
    this.#ledger.stop();
    this.#panel.close();
    this.#edge.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  patch(patch: SettingsPatch): void {
    this.settings = patchSettings(this.settings, patch);
    this.#apiAnswers = 0;
  }

  reset(): void {
    this.#ledger.reset();
    this.#log.clear();
    this.#tokenReuses = 0;
  }

  /** Closes media sockets from the provider's side. */
  cut(how: 'fin' | 'reset', username?: string): number {
    const sockets = this.#ledger.sockets(username);
    for (const socket of sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    }
    return sockets.length;
  }

  state(): ProviderState {
    const logins = this.#ledger.counts();
    const sum = (pick: (counts: LoginCounts) => number) => logins.reduce((total, counts) => total + pick(counts), 0);
    return {
      logins,
      open: sum((counts) => counts.open),
      counted: sum((counts) => counts.open + counts.held),
      peak: Math.max(0, ...logins.map((counts) => counts.peak)),
      opened: sum((counts) => counts.opened),
      refused: sum((counts) => counts.refused),
      overlaps: sum((counts) => counts.overlaps),
      sockets: this.#sockets.size,
      tokenReuses: this.#tokenReuses,
      ...this.#log.state(),
    };
  }

  #port(server: Server): number {
    return (server.address() as AddressInfo).port;
  }

  #loop(name: MediaName): Promise<LiveLoop> {
    const known = this.#loops.get(name);
    if (known !== undefined) return known;
    const made = liveMedia(name).then((media) => new LiveLoop(media));
    this.#loops.set(name, made);
    return made;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, where: 'panel' | 'edge'): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://panel.invalid');
    const seen = this.#log.note(request, response, where);
    const base = `http://127.0.0.1:${this.#port(this.#panel)}`;
    const agent = request.headers['user-agent'] ?? '';
    if (this.settings.userAgent !== '' && !new RegExp(this.settings.userAgent).test(agent)) {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<html>Access denied</html>');
      return;
    }
    if (where === 'edge') {
      await this.#fromEdge(url, request, response, seen);
      return;
    }
    if (/\/(player_api|xmltv|get)\.php$/.test(url.pathname)) {
      if (this.settings.api.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.settings.api.delayMs));
      const context = {
        settings: this.settings,
        base,
        active: (login: ProviderLogin) => this.#ledger.counted(login.username) + (login.external ?? 0),
        mode: (action: string) => this.#apiMode(action),
      };
      answerPanel(context, url.pathname, url.searchParams, request, response);
      return;
    }
    const path = mediaPath(url.pathname, url.searchParams, this.settings.api.zoneOffset);
    if (url.pathname.startsWith('/logo/')) {
      const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from(pixel, 'base64'));
    } else if (path === null) response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>');
    else await this.#media(path, request, response, seen);
  }

  #apiMode(action: string): ApiMode {
    const mode = this.settings.api.byAction[action] ?? this.settings.api.mode;
    if (mode === 'normal') return mode;
    this.#apiAnswers += 1;
    return this.settings.api.times > 0 && this.#apiAnswers > this.settings.api.times ? 'normal' : mode;
  }

  async #fromEdge(url: URL, request: IncomingMessage, response: ServerResponse, seen: SeenRequest): Promise<void> {
    if (this.settings.edgeDead) {
      request.socket.resetAndDestroy();
      return;
    }
    const token = url.searchParams.get('token') ?? '';
    const part = mediaPath(url.pathname, url.searchParams);
    if (part?.hls !== undefined) {
      await this.#serve(part, request, response, seen);
      return;
    }
    const ticket = this.#tokens.get(token);
    if (ticket === undefined) {
      if (this.#usedTokens.has(token)) this.#tokenReuses += 1;
      response.writeHead(403, { 'content-type': 'text/html' }).end('<html>token expired</html>');
      return;
    }
    this.#tokens.delete(token);
    this.#usedTokens.add(token);
    if (ticket.hops > 0) this.#redirect(ticket.path, ticket.hops, response);
    else await this.#serve(ticket.path, request, response, seen);
  }

  #redirect(path: MediaPath, hops: number, response: ServerResponse): void {
    const token = randomBytes(12).toString('hex');
    this.#tokens.set(token, { path, hops: hops - 1 });
    const location = `http://127.0.0.1:${this.#port(this.#edge)}/edge/${path.kind}/${path.id}.${path.ext}?token=${token}`;
    response.writeHead(302, { location, 'content-length': 0 }).end();
  }

  async #media(path: MediaPath, request: IncomingMessage, response: ServerResponse, seen: SeenRequest): Promise<void> {
    const login = this.settings.logins.find(
      (one) => one.username === path.username && (one.password === path.password || path.hls !== undefined),
    );
    if (login === undefined || (login.status ?? 'Active') !== 'Active') {
      response.writeHead(login === undefined ? 401 : 403, { 'content-type': 'text/html' }).end('<html>login</html>');
      return;
    }
    if (this.settings.redirects > 0 && path.hls === undefined) this.#redirect(path, this.settings.redirects, response);
    else await this.#serve(path, request, response, seen);
  }

  #behaviour(path: MediaPath): Behaviour {
    for (const fault of this.settings.faults) {
      if (fault.kind !== undefined && fault.kind !== path.kind) continue;
      if (fault.id !== undefined && fault.id !== path.id) continue;
      if (fault.username !== undefined && fault.username !== path.username) continue;
      const used = (this.#faultUse.get(fault) ?? 0) + 1;
      this.#faultUse.set(fault, used);
      const skip = fault.skip ?? 0;
      if (used > skip && used <= skip + (fault.times ?? Infinity)) return { ...this.settings.behaviour, ...fault };
    }
    return this.settings.behaviour;
  }

  async #serve(path: MediaPath, request: IncomingMessage, response: ServerResponse, seen: SeenRequest): Promise<void> {
    const login = this.settings.logins.find((one) => one.username === path.username);
    if (login === undefined) return;
    const limit = this.settings.enforce ? login.maxConnections : 0;
    const socket = request.socket;
    if (!this.#ledger.take(login.username, socket, limit, login.external ?? 0, () => this.settings.releaseDelayMs)) {
      seen.outcome = 'refused';
      await this.#refuse(response);
      return;
    }
    const behaviour = this.#behaviour(path);
    if (behaviour.hang === true) return;
    if (behaviour.headDelayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, behaviour.headDelayMs));
    if (socket.destroyed) return;
    if (behaviour.reset === true) socket.resetAndDestroy();
    else if (behaviour.status !== undefined || behaviour.body !== undefined || behaviour.empty === true)
      response
        .writeHead(behaviour.status ?? 200, {
          'content-type': behaviour.contentType ?? 'text/html',
          ...behaviour.headers,
        })
        .end(behaviour.empty === true ? '' : (behaviour.body ?? '<html>fault</html>'));
    else await this.#deliver(path, request, response, behaviour, seen);
  }

  async #deliver(
    path: MediaPath,
    request: IncomingMessage,
    response: ServerResponse,
    behaviour: Behaviour,
    seen: SeenRequest,
  ): Promise<void> {
    const sent = (bytes: number) => {
      seen.bytes += bytes;
    };
    seen.outcome = 'media';
    if (path.kind === 'movie' || path.kind === 'series') {
      deliverFile(request, response, await movieMedia(path.ext === 'mp4' ? 'mp4' : 'mkv'), behaviour, sent);
      return;
    }
    const number = Number(path.id) - channelIdBase - this.settings.catalog.idOffset;
    if (!(number >= 1 && number <= this.settings.catalog.channels)) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>no such stream</html>');
      return;
    }
    if (
      this.settings.hls.form !== 'off' &&
      path.piece === undefined &&
      (path.ext === 'm3u8' || this.settings.hls.only)
    ) {
      const { file = '', token = '' } = path.hls ?? {};
      if (path.ext === 'm3u8') await this.#hls.answer(response, { ...path, file, token }, sent);
      else response.writeHead(404, { 'content-type': 'text/html' }).end('<html>no such stream</html>');
      return;
    }
    const loop = await this.#loop(this.settings.mediaOf[String(number)] ?? this.settings.media);
    response.shouldKeepAlive = false;
    const { piece } = path;
    if (piece !== undefined) {
      const { archive } = this.settings;
      const nowUnix = Math.floor(Date.now() / 1000);
      const answer = archiveAnswer(piece, archive, nowUnix);
      const page = { 'content-type': 'text/html' };
      if (answer === 'html') response.writeHead(200, page).end('<html><body>Archive not available</body></html>');
      if (answer === 'missing') response.writeHead(404, page).end('<html>no such archive</html>');
      const delivery = { loop, programNumber: number % 65_000 || 1, piece, settings: archive, nowUnix, sent };
      if (answer === 'archive' && /(?:m3u8|playlist)$/.test(piece.form)) {
        const list = { 'content-type': 'application/vnd.apple.mpegurl' };
        response.writeHead(200, list).end(archivePlaylist(piece));
      } else if (answer === 'archive') deliverArchive(request, response, delivery, behaviour);
      if (answer !== 'live') return;
    }
    response.useChunkedEncodingByDefault = behaviour.chunked === true;
    response.writeHead(200, { 'content-type': behaviour.contentType ?? 'video/mp2t', ...behaviour.headers });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    const delivery = {
      loop,
      programNumber: number % 65_000 || 1,
      livePosition: () => ((performance.now() - this.#startedAt) / 1000 + 30) * loop.bytesPerSecond,
      frozen: () => this.settings.frozen,
      sent,
    };
    deliverLive(response, delivery, behaviour);
  }

  async #refuse(response: ServerResponse): Promise<void> {
    const { refusal } = this.settings;
    const html = '<html><body>Maximum connections reached</body></html>';
    if (refusal === 'reset') response.socket?.resetAndDestroy();
    else if (refusal === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    else if (refusal === 'text')
      response.writeHead(200, { 'content-type': 'video/mp2t' }).end('max connections limit reached');
    else if (refusal === 'clip') {
      const loop = await this.#loop(this.settings.media);
      response.writeHead(200, { 'content-type': 'video/mp2t' }).end(loop.read(0, 188 * 2000, slateProgram));
    } else response.writeHead(Number(refusal), { 'content-type': 'text/html' }).end(html);
  }
}
