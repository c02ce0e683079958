import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import type { HttpUpstreamRequest } from '../../src/model/upstream-request.ts';
import { openMediaSockets } from '../../src/sources/media-line.ts';
import { type MediaSession, openMediaSession } from '../../src/sources/media-session.ts';
import type { OpenedMedia } from '../../src/sources/opened-media.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { stageMedia } from './media-stage.ts';

describe('a media session', () => {
  const stage = stageMedia();
  const { serve, read } = stage;
  const sessions: MediaSession[] = [];
  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });

  function begin(
    url: string,
    more: Partial<HttpUpstreamRequest> = {},
    signal = new AbortController().signal,
  ): MediaSession {
    const session = openMediaSession(
      stage.lease(),
      { kind: 'http', urls: [url], headers: { 'user-agent': 'VLC/3.0' }, ...more },
      { signal, connectTimeoutMs: 2_000 },
    );
    sessions.push(session);
    return session;
  }
  const text = async (opened: Promise<OpenedMedia>): Promise<string> => read((await opened).body);
  const codeOf = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof CoaxError ? error.code : 'none';
  };

  it('asks for playlist, key and segments on one connection', async () => {
    let connections = 0;
    const provider = await serve((request, response) => response.end(request.url));
    provider.server.on('connection', () => connections++);
    const session = begin(provider.url('/list.m3u8'));
    expect(await text(session.open())).to.equal('/list.m3u8');
    for (const path of ['/key', '/1.ts', '/2.ts', '/list.m3u8'])
      expect(await text(session.get(provider.url(path)))).to.equal(path);
    expect(connections).to.equal(1);
    expect(stage.lease().state).to.equal('open');
    session.destroy();
    await session.closed;
    expect(openMediaSockets.size).to.equal(0);
  });

  it('closes the connection before it asks another origin: never two at a time', async () => {
    const one = await serve((_request, response) => response.end('one'));
    const two = await serve((_request, response) => response.end('two'));
    const session = begin(one.url());
    for (let round = 0; round < 3; round++) {
      expect(await text(session.get(one.url()))).to.equal('one');
      expect(openMediaSockets.size).to.equal(1);
      expect(await text(session.get(two.url()))).to.equal('two');
      expect(openMediaSockets.size).to.equal(1);
    }
  });

  it('connects anew when the server has closed the idle connection meanwhile', async () => {
    const provider = await serve((_request, response) => response.end('media'));
    const session = begin(provider.url());
    await text(session.open());
    for (const socket of provider.sockets) socket.destroy();
    expect(await text(session.get(provider.url('/2')))).to.equal('media');
  });

  it('connects anew after an answer without keep-alive, and after a body that was not read to its end', async () => {
    let connections = 0;
    const provider = await serve((request, response) => {
      if (request.url === '/close') response.setHeader('connection', 'close');
      if (request.url === '/endless') response.write('x'.repeat(100));
      else response.end('media');
    });
    provider.server.on('connection', () => connections++);
    const session = begin(provider.url());
    await text(session.get(provider.url('/close')));
    await session.get(provider.url('/endless'));
    expect(await text(session.get(provider.url('/3')))).to.equal('media');
    expect(connections).to.equal(3);
    expect(provider.most).to.be.at.most(1);
  });

  it('asks for ranges, and hands over answers of any status', async () => {
    const provider = await serve((request, response) => {
      response.statusCode = request.url === '/gone' ? 404 : 206;
      response.end(request.headers.range);
    });
    const session = begin(provider.url());
    expect(await text(session.get(provider.url('/1'), { range: 'bytes=10-19' }))).to.equal('bytes=10-19');
    const gone = await session.get(provider.url('/gone'));
    expect(gone.status).to.equal(404);
    await read(gone.body);
  });

  it('keeps the cookies of its answers and of redirects, for itself alone', async () => {
    const provider = await serve((request, response) => {
      if (request.url === '/start')
        response.writeHead(302, {
          location: '/list',
          'set-cookie': ['hop=1; Path=/', 'evil=1; Domain=elsewhere.test'],
        });
      else if (request.url === '/list') response.setHeader('set-cookie', 'session=abc; Path=/; HttpOnly');
      response.end(request.headers.cookie ?? '');
    });
    const session = begin(provider.url('/start'), {
      headers: { 'user-agent': 'VLC/3.0', cookie: 'given=yes; session=old' },
    });
    expect(await text(session.open())).to.equal('given=yes; session=old; hop=1');
    expect(await text(session.get(provider.url('/1.ts')))).to.equal('given=yes; session=abc; hop=1');
    session.destroy();
    await session.closed;
    const other = begin(provider.url('/x'));
    expect(await text(other.get(provider.url('/1.ts')))).to.equal('');
  });

  it('gives neither cookies nor secret headers to another host', async () => {
    const provider = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const session = begin(provider.url(), {
      headers: { 'user-agent': 'VLC/3.0', referer: 'http://home.test/', cookie: 'given=yes', 'x-token': 'secret' },
    });
    const home = JSON.parse(await text(session.open())) as Record<string, string>;
    expect(home).to.include({ cookie: 'given=yes', 'x-token': 'secret' });
    const away = JSON.parse(await text(session.get(provider.url().replace('127.0.0.1', 'localhost')))) as object;
    expect(away).to.include({ 'user-agent': 'VLC/3.0', referer: 'http://home.test/' });
    expect(away).not.to.have.any.keys('cookie', 'x-token');
  });

  for (const kind of ['http', 'socks'] as const) {
    it(`goes through a ${kind} proxy for every request, on one connection to it`, async () => {
      const provider = await serve((request, response) => response.end(request.url));
      await using proxy = await FakeProxy.start(kind, { username: 'me', password: 'secret word' });
      const session = begin(provider.url(), { proxy: { url: proxy.url() } });
      for (const path of ['/list', '/1.ts', '/2.ts'])
        expect(await text(session.get(provider.url(path)))).to.equal(path);
      expect(proxy.sockets.size).to.equal(1);
      expect(proxy.targets).to.have.length(kind === 'http' ? 3 : 1);
      session.destroy();
    });
  }

  it('closes everything in the turn of its end, in the middle of a body too', async () => {
    const provider = await serve((_request, response) => void response.write('x'));
    const controller = new AbortController();
    const session = begin(provider.url(), {}, controller.signal);
    const { body, socket } = await session.open();
    controller.abort();
    expect(socket.destroyed).to.equal(true);
    expect(body.destroyed).to.equal(true);
    expect(session.destroyed).to.equal(true);
    await session.closed;
    expect(await codeOf(session.get(provider.url()))).to.equal('CANCELLED');
  });

  it('ends while it connects and while it waits for the head', async () => {
    const provider = await serve(() => {});
    const session = begin(provider.url());
    const asked = codeOf(session.open());
    while (provider.requests.length === 0) await new Promise(setImmediate);
    session.destroy();
    expect([...openMediaSockets].every(({ destroyed }) => destroyed)).to.equal(true);
    expect(await asked).to.equal('CANCELLED');
    await session.closed;
  });

  it('gives up one request by its own signal, and goes on with the next', async () => {
    const provider = await serve((request, response) => {
      if (request.url !== '/slow') response.end('media');
    });
    const session = begin(provider.url());
    const controller = new AbortController();
    const asked = codeOf(session.get(provider.url('/slow'), { signal: controller.signal }));
    while (provider.requests.length === 0) await new Promise(setImmediate);
    controller.abort();
    expect(await asked).to.equal('CANCELLED');
    expect(await text(session.get(provider.url('/2')))).to.equal('media');
  });

  it('refuses a second request beside the first', async () => {
    const provider = await serve((_request, response) => response.end('media'));
    const session = begin(provider.url());
    const first = text(session.open());
    expect(await codeOf(session.get(provider.url()))).to.equal('INTERNAL');
    expect(await first).to.equal('media');
  });
});
