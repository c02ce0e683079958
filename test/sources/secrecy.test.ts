import { expect } from 'chai';
import { sourceSchema } from '../../src/config/source-schema.ts';
import { CoaxError, toProblem } from '../../src/errors.ts';
import { createReader, createResolver } from '../../src/sources/factory.ts';
import type { AccountId } from '../../src/model/ids.ts';
import { Collected, CollectedGuide, contextOf } from './collecting-sinks.ts';
import { RecordingLog } from './recording-log.ts';
import { deadBase, type Handler, startWebStub } from './web-stub.ts';

const login = { username: 'user@Zebra 77', password: 'p/Quagga#99?%+&' };

/** The ways in which a login may come to light. */
function formsOf(text: string): string[] {
  const base64 = Buffer.from(text).toString('base64');
  return [
    text,
    encodeURIComponent(text),
    encodeURIComponent(encodeURIComponent(text)),
    encodeURIComponent(text).replaceAll('%20', '+'),
    JSON.stringify(text).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(text).toString('base64url'),
    Buffer.from(text).toString('hex'),
  ];
}
const forbidden = [...formsOf(login.username), ...formsOf(login.password), 'Zebra', 'Quagga'];

/** All that can be read of an error: its fields, its stack, and the same of its causes. */
function everythingOf(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 6) return String(error);
  const own = Object.getOwnPropertyNames(error).map((key) => {
    const value = (error as Record<string, unknown>)[key];
    return `${key}: ${typeof value === 'object' && value !== null ? everythingOf(value, depth + 1) : String(value)}`;
  });
  return own.join('\n');
}

const account = JSON.stringify({ user_info: { ...login, auth: 1, status: 'Active', message: login.password } });
const echo = `${login.username} ${login.password} ${encodeURIComponent(login.password)}`;
const badAnswers: readonly (readonly [name: string, handler: Handler])[] = [
  ['refuses', (_, response) => void response.writeHead(401, { 'x-user': 'x' }).end(echo)],
  ['blocks', (_, response) => void response.end(`blocked ${echo}`)],
  ['shows a page', (_, response) => void response.end(`<html>${echo}</html>`)],
  ['is overloaded', (_, response) => void response.writeHead(503).end(echo)],
  ['redirects for ever', (request, response) => void response.writeHead(302, { location: request.url ?? '/' }).end()],
  [
    'redirects to nonsense',
    (request, response) => void response.writeHead(302, { location: `foo://${request.url ?? ''}` }).end(),
  ],
  [
    'redirects to a dead port',
    (request, response) => void response.writeHead(302, { location: `http://127.0.0.1:1${request.url ?? ''}` }).end(),
  ],
  ['breaks the connection', (request) => void request.socket.destroy()],
  ['talks no HTTP', (request) => void request.socket.end(`HELLO ${echo}\r\n\r\n`)],
  ['sends broken JSON', (_, response) => void response.end(`{"user_info": ${echo}`)],
  ['sends other text', (_, response) => void response.end(echo)],
  ['answers everything with the account', (_, response) => void response.end(account)],
  [
    'lets in and sends bad lists',
    (_, response, url) => {
      const items = [null, echo, { name: echo }, [echo], { stream_id: echo.repeat(20) }];
      response.end(url.searchParams.has('action') ? JSON.stringify(items) : account);
    },
  ],
  [
    'lets in and breaks off',
    (_, response, url) => {
      if (!url.searchParams.has('action')) response.end(account);
      else response.end(`[{"stream_id": 1, "name": "${login.password}`);
    },
  ],
];

async function tryAll(kind: 'xtream' | 'm3u', base: string): Promise<string> {
  const query = `username=${encodeURIComponent(login.username)}&password=${encodeURIComponent(login.password)}`;
  const config = sourceSchema.parse({
    id: 's1',
    kind,
    name: 'Panel',
    url: kind === 'xtream' ? base : `${base}/get.php?${query}&type=m3u_plus`,
    accounts: [{ id: 'a1', ...login }],
    headers: { Authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}` },
  });
  const log = new RecordingLog();
  const retry = { attempts: 2, firstDelayMs: 1, longestDelayMs: 5 };
  const reader = createReader(config, { log, silenceMs: 300, maxBytes: 1_000_000, retry });
  const { signal } = new AbortController();
  const sink = new Collected();
  const guide = new CollectedGuide();
  const seen: string[] = [];
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    try {
      seen.push(JSON.stringify(await work));
    } catch (error) {
      expect(error).to.be.instanceOf(CoaxError);
      seen.push(everythingOf(error), JSON.stringify(toProblem(error)));
    }
  };
  await attempt(reader.test(signal));
  await attempt(reader.readCatalog(sink, contextOf()));
  await attempt(reader.readGuide(guide, contextOf(), [{ providerId: '1', guideId: 'g' }]));
  await attempt(reader.episodes('1', signal).then(({ rejects }) => rejects));
  try {
    createResolver(config).resolve({ kind: 'demo', clip: 'x' }, 'a1' as AccountId);
  } catch (error) {
    seen.push(everythingOf(error));
  }
  expect(seen.join('').length).to.be.greaterThan(100);
  return [...seen, ...log.lines, JSON.stringify(sink.rejects), JSON.stringify(guide.rejects)].join('\n');
}

describe('the login of a source', () => {
  for (const kind of ['xtream', 'm3u'] as const) {
    for (const [name, handler] of badAnswers) {
      it(`does not come to light when the provider of ${kind} ${name}`, async () => {
        await using web = await startWebStub(handler);
        const text = await tryAll(kind, web.base);
        for (const form of forbidden) expect(text).not.to.contain(form);
      });
    }

    it(`does not come to light when the provider of ${kind} is not there`, async () => {
      const text = await tryAll(kind, await deadBase());
      for (const form of forbidden) expect(text).not.to.contain(form);
    });
  }
});
