import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { guideText, listings, playlistText } from './guide-text.ts';
import { channelIdBase, panelList } from './panel-lists.ts';
import type { ApiMode, ProviderLogin, ProviderSettings } from './settings.ts';

export interface PanelContext {
  readonly settings: ProviderSettings;
  /** Where this panel is reached, without a slash at the end. */
  readonly base: string;
  /** What the provider counts now for a login, external ones included. */
  active(login: ProviderLogin): number;
  /** The mode of this answer; consumes one of `api.times`. */
  mode(action: string): ApiMode;
}

function loginOf(settings: ProviderSettings, query: URLSearchParams): ProviderLogin | undefined {
  return settings.logins.find(
    (login) => login.username === query.get('username') && login.password === query.get('password'),
  );
}

function accountAnswer(context: PanelContext, login: ProviderLogin): unknown {
  const { api } = context.settings;
  const number = (value: number) => (api.stringNumbers ? String(value) : value);
  const now = Math.floor(Date.now() / 1000);
  const active = { real: number(context.active(login)), absent: undefined, 'N/A': 'N/A', zero: number(0) }[
    api.activeCons
  ];
  return {
    user_info: {
      username: login.username,
      password: login.password,
      message: 'Welcome',
      auth: 1,
      status: login.status ?? 'Active',
      exp_date:
        login.expires === undefined ? number(now + 90 * 86_400) : login.expires === null ? null : number(login.expires),
      is_trial: '0',
      ...(active === undefined ? {} : { active_cons: active }),
      created_at: '1600000000',
      max_connections: number(login.maxConnections),
      allowed_output_formats: context.settings.hls.only ? ['m3u8'] : ['m3u8', 'ts', 'rtmp'],
    },
    server_info: {
      url: '127.0.0.1',
      port: new URL(context.base).port,
      https_port: '443',
      server_protocol: 'http',
      rtmp_port: '8880',
      timezone: api.timezone,
      timestamp_now: now,
      time_now: new Date((now + api.zoneOffset) * 1000).toISOString().replace('T', ' ').slice(0, 19),
      process: true,
    },
  };
}

const oddAnswers: Readonly<Partial<Record<ApiMode, readonly [number, string, string]>>> = {
  html: [200, 'text/html', '<!DOCTYPE html><html><body><h1>Site under maintenance</h1></body></html>'],
  auth0: [200, 'application/json', '{"user_info":{"auth":0}}'],
  false: [200, 'application/json', 'false'],
  null: [200, 'application/json', 'null'],
  empty: [200, 'application/json', ''],
  'empty-object': [200, 'application/json', '{}'],
  'empty-list': [200, 'application/json', '[]'],
  blocked: [200, 'text/html', 'blocked'],
  '401': [401, 'text/html', 'Unauthorized'],
  '403': [403, 'text/html', 'Forbidden'],
  '404': [404, 'text/html', 'Not Found'],
  '429': [429, 'text/html', 'Too Many Requests'],
  '500': [500, 'text/html', '<html><body>Internal Server Error</body></html>'],
  '512': [512, 'text/html', ''],
};

/** Answers in an odd way when the mode says so; false when the true answer is due. */
function answeredOddly(
  mode: ApiMode,
  context: PanelContext,
  login: ProviderLogin | undefined,
  response: ServerResponse,
): boolean {
  if (mode === 'hang') return true;
  if (mode === 'reset') {
    response.socket?.resetAndDestroy();
    return true;
  }
  if (mode === 'user_info' && login !== undefined) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(accountAnswer(context, login)));
    return true;
  }
  const odd = oddAnswers[mode];
  if (odd === undefined) return false;
  const [status, type, body] = odd;
  if (context.settings.api.retryAfter !== '') response.setHeader('retry-after', context.settings.api.retryAfter);
  response.writeHead(status, { 'content-type': type }).end(body);
  return true;
}

function send(
  response: ServerResponse,
  mode: ApiMode,
  type: string,
  pieces: Iterable<string>,
  packed: 'no' | 'gzip' | 'encoding',
): void {
  response.setHeader('content-type', packed === 'gzip' ? 'application/octet-stream' : type);
  if (mode === 'bom') response.write('\ufeff');
  if (mode === 'notice')
    response.write('<br />\n<b>Notice</b>: Undefined index: x in <b>/home/panel/a.php</b> on line <b>3</b><br />\n');
  if (mode === 'truncated') {
    const whole = [...pieces].join('');
    response.setHeader('content-length', Buffer.byteLength(whole));
    response.write(whole.slice(0, Math.floor(whole.length * 0.6)), () => response.socket?.end());
    return;
  }
  if (packed === 'encoding') response.setHeader('content-encoding', 'gzip');
  const body = Readable.from(pieces);
  response.once('close', () => body.destroy());
  if (packed === 'no') body.pipe(response);
  else body.pipe(createGzip({ level: 1 })).pipe(response);
}

function* accountText(context: PanelContext, login: ProviderLogin): Generator<string> {
  yield JSON.stringify(accountAnswer(context, login));
}

function playerApi(
  context: PanelContext,
  login: ProviderLogin,
  query: URLSearchParams,
  mode: ApiMode,
  response: ServerResponse,
): void {
  const { settings } = context;
  const action = query.get('action') ?? '';
  if (action === 'get_short_epg' || action === 'get_simple_data_table') {
    const index = Number(query.get('stream_id')) - channelIdBase - settings.catalog.idOffset - 1;
    const limit = action === 'get_short_epg' ? Number(query.get('limit') ?? 4) : 0;
    const now = Math.floor(Date.now() / 1000);
    const items =
      index >= 0 && index < settings.catalog.channels
        ? listings(index, settings.guide, now, settings.api.zoneOffset, limit)
        : [];
    send(response, mode, 'application/json', [JSON.stringify({ epg_listings: items })], 'no');
    return;
  }
  const list = panelList(action, query, settings.catalog, context.base);
  const first = list.next();
  if (first.done === true) {
    send(response, mode, 'application/json', accountText(context, login), 'no');
    return;
  }
  const rest = (function* () {
    yield first.value;
    yield* list;
  })();
  send(response, mode, 'application/json', rest, 'no');
}

/** player_api.php, xmltv.php, get.php. Resolves the credentials as a panel does: from the decoded query. */
export function answerPanel(
  context: PanelContext,
  path: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { settings } = context;
  const action = path.endsWith('/player_api.php')
    ? (query.get('action') ?? 'login')
    : path.endsWith('/xmltv.php')
      ? 'xmltv'
      : 'get';
  const mode = context.mode(action);
  const login = loginOf(settings, query);
  if (answeredOddly(mode, context, login, response)) return;
  if (login === undefined) {
    if (action === 'xmltv' || action === 'get')
      response.writeHead(401, { 'content-type': 'text/html' }).end('Unauthorized');
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"user_info":{"auth":0}}');
    return;
  }
  if (request.method === 'HEAD') {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end();
    return;
  }
  const now = Math.floor(Date.now() / 1000);
  if (action === 'xmltv')
    send(response, mode, 'text/xml', guideText(settings.catalog, settings.guide, now), settings.guide.packed);
  else if (action === 'get') {
    const part = (text: string) => encodeURIComponent(text);
    const { archive } = settings;
    const id = (index: number) => channelIdBase + index + 1 + settings.catalog.idOffset;
    const place = `${part(login.username)}/${part(login.password)}`;
    const url = (index: number) =>
      archive.entry === ''
        ? `${context.base}/live/${place}/${id(index)}.ts`
        : `${context.base}/flussonic/${place}/${id(index)}/${archive.entry}`;
    const more = (index: number) =>
      archive.playlist === ''
        ? ''
        : ` ${archive.playlist
            .replaceAll('{base}', context.base)
            .replaceAll('{id}', String(id(index)))
            .replaceAll('{login}', place)}`;
    send(response, mode, 'audio/x-mpegurl', playlistText(settings.catalog, context.base, url, more), 'no');
  } else playerApi(context, login, query, mode, response);
}
