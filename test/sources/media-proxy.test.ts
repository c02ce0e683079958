import { spawnSync } from 'node:child_process';
import { createServer as createTlsServer } from 'node:tls';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { CoaxError } from '../../src/errors.ts';
import { openMediaSockets } from '../../src/sources/media-line.ts';
import { type OpenedMedia, openMedia, type OpenMediaOptions } from '../../src/sources/media-client.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { stageMedia } from './media-stage.ts';

const login = { username: 'prox ser', password: 'p:wörd@1' };

/** Null where there is no openssl. */
function selfSigned(): { readonly key: string; readonly cert: string } | null {
  const options =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x -keyout - -out -';
  const made = spawnSync('openssl', options.split(' '), { encoding: 'utf8' });
  return made.status === 0 ? { key: made.stdout, cert: made.stdout } : null;
}

describe('the media client with a proxy', () => {
  const stage = stageMedia();
  const { serve, read } = stage;

  const open = (url: string, proxy: string, more: Partial<OpenMediaOptions> = {}): Promise<OpenedMedia> =>
    openMedia(
      { kind: 'http', urls: [url], headers: { 'user-agent': 'VLC/3.0' }, proxy: { url: proxy } },
      { owner: stage.lease(), signal: new AbortController().signal, connectTimeoutMs: 2_000, ...more },
    );
  const failureOf = async (promise: Promise<unknown>): Promise<CoaxError> => {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CoaxError)) throw new Error('no error of ours');
    return error;
  };

  for (const [scheme, way] of [
    ['http', 'GET'],
    ['socks4', 'socks4'],
    ['socks4a', 'socks4'],
    ['socks5', 'socks5'],
    ['socks5h', 'socks5'],
    ['socks', 'socks5'],
  ] as const) {
    it(`goes through ${scheme}:// with the login, over one socket that is the lease's`, async () => {
      const provider = await serve((_request, response) => response.end('media'));
      await using proxy = await FakeProxy.start(
        scheme === 'http' ? 'http' : 'socks',
        scheme.startsWith('socks4') ? undefined : login,
      );
      const opened = await open(provider.url('/live/1?x=1'), proxy.url(scheme, login));
      expect(openMediaSockets.size).to.equal(1);
      expect(stage.lease().state).to.equal('open');
      expect(opened.socket.remotePort).to.equal(proxy.port);
      expect(await read(opened.body)).to.equal('media');
      expect(proxy.ways).to.deep.equal([way]);
      expect(proxy.targets).to.deep.equal([new URL(provider.url()).host]);
      expect(provider.requests[0]?.url).to.equal('/live/1?x=1');
      expect(provider.requests[0]?.headers).not.to.have.property('proxy-authorization');
    });
  }

  for (const [scheme, named] of [
    ['socks4a', true],
    ['socks5h', true],
    ['http', true],
    ['socks5', false],
    ['socks4', false],
  ] as const) {
    it(`lets ${named ? 'the proxy' : 'this machine'} look names up with ${scheme}://`, async () => {
      const provider = await serve((_request, response) => response.end('media'));
      const { port } = new URL(provider.url());
      await using proxy = await FakeProxy.start(scheme === 'http' ? 'http' : 'socks');
      const opened = await open(`http://localhost:${port}/1`, proxy.url(scheme));
      await read(opened.body);
      expect(proxy.targets[0]?.startsWith('localhost:')).to.equal(named);
    });
  }

  it('passes every redirect through the proxy, one socket at a time', async () => {
    const provider = await serve((request, response) => {
      if (request.url === '/media') response.end('media');
      else response.writeHead(302, { location: '/media' }).end();
    });
    await using proxy = await FakeProxy.start('socks', login);
    const opened = await open(provider.url('/start'), proxy.url());
    expect(await read(opened.body)).to.equal('media');
    expect(proxy.targets).to.have.length(2);
    expect(proxy.most).to.equal(1);
  });

  for (const kind of ['http', 'socks'] as const) {
    it(`says that the ${kind} proxy refuses the login, and never shows it`, async () => {
      const provider = await serve((_request, response) => response.end('media'));
      await using proxy = await FakeProxy.start(kind, login);
      const wrong = { username: 'some-one', password: 'wrong-word' };
      const error = await failureOf(open(provider.url(), proxy.url(undefined, wrong)));
      expect(error.code).to.equal('UPSTREAM_PROXY');
      expect(error.message).to.match(/^The proxy refuses the login/);
      const told = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)} ${error.stack}`;
      expect(told).not.to.contain('wrong-word').and.not.to.contain('some-one');
      expect(provider.requests).to.have.length(0);
      expect(proxy.refusedLogins).to.equal(1);
    });
  }

  it('says that the proxy can not be reached, not the provider', async () => {
    const proxy = await FakeProxy.start('http');
    const address = proxy.url();
    await proxy[Symbol.asyncDispose]();
    const error = await failureOf(open('http://127.0.0.1:9/', address));
    expect(error.code).to.equal('UPSTREAM_PROXY');
    expect(error.message).to.contain('it refuses the connection');
  });

  for (const [kind, answer, code] of [
    ['socks', 5, 'UPSTREAM_UNREACHABLE'],
    ['socks', 4, 'UPSTREAM_UNREACHABLE'],
    ['socks', 2, 'UPSTREAM_PROXY'],
    ['http', 502, 'UPSTREAM_UNREACHABLE'],
    ['http', 403, 'UPSTREAM_PROXY'],
  ] as const) {
    it(`tells whose fault it is when a ${kind} proxy answers ${answer}: ${code}`, async () => {
      await using proxy = await FakeProxy.start(kind);
      proxy.answer = answer;
      // With TLS, so that an HTTP proxy is asked for a tunnel.
      expect((await failureOf(open('https://tv.test/1', proxy.url()))).code).to.equal(code);
    });
  }

  for (const kind of ['http', 'socks'] as const) {
    it(`ends the handshake with a ${kind} proxy on abort, in the same turn, and leaves no socket`, async () => {
      await using proxy = await FakeProxy.start(kind);
      proxy.mute = true;
      const controller = new AbortController();
      const opening = failureOf(open('https://tv.test/1', proxy.url(), { signal: controller.signal }));
      while (proxy.sockets.size === 0) await new Promise(setImmediate);
      const [socket] = openMediaSockets;
      controller.abort();
      expect(socket?.destroyed).to.equal(true);
      expect((await opening).code).to.equal('CANCELLED');
    });

    it(`gives a ${kind} proxy that answers nothing no longer than the connection may take`, async () => {
      await using proxy = await FakeProxy.start(kind);
      proxy.mute = true;
      const error = await failureOf(open('https://tv.test/1', proxy.url(), { connectTimeoutMs: 40 }));
      expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
      expect(openMediaSockets.size).to.equal(0);
    });
  }

  for (const kind of ['http', 'socks'] as const) {
    it(`speaks TLS with the provider through a ${kind} proxy: its certificate is looked at (needs openssl)`, async function () {
      const certificate = selfSigned();
      if (certificate === null) this.skip();
      const provider = await stage.listen(createTlsServer(certificate, (socket) => socket.end()));
      await using proxy = await FakeProxy.start(kind, login);
      const error = await failureOf(open(provider.url().replace('http:', 'https:'), proxy.url()));
      expect(error.code).to.equal('UPSTREAM_UNREACHABLE');
      expect(error.message).to.contain('certificate');
      expect(proxy.ways).to.deep.equal([kind === 'http' ? 'CONNECT' : 'socks5']);
    });
  }

  it('says so when an encrypted proxy shows a certificate that nobody vouches for (needs openssl)', async function () {
    const certificate = selfSigned();
    if (certificate === null) this.skip();
    const server = await stage.listen(createTlsServer(certificate, (socket) => socket.end()));
    const error = await failureOf(open('http://tv.test/1', server.url('').replace('http:', 'https:')));
    expect(error.code).to.equal('UPSTREAM_PROXY');
    expect(error.message).to.contain('TLS');
  });

  it('survives proxies that answer anything, and destinations that no proxy takes', async () => {
    let answer = Buffer.alloc(0);
    const proxy = await stage.raw((socket) => socket.end(answer));
    const { port } = new URL(proxy.url());
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(
        [5, 0, 5, 0, 0, 9, 1],
        [5, 2, 1, 0, 5, 0, 0, 3, 255],
        [0, 90],
        [5, 255],
        [0, 91, 0, 0, 0, 0, 0, 0],
      ),
      fc
        .constantFrom('HTTP/1.1 200', 'HTTP/1.1 200 OK\r\n\r\nrest', 'HTTP/9.9 1 x\r\n\r\n', '<html>')
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.constantFrom('http', 'socks4', 'socks4a', 'socks5h'),
        fc.constantFrom('https://tv.test/1', `https://${'a'.repeat(60)}.${'b.'.repeat(120)}test/1`),
        async (sent, scheme, url) => {
          answer = Buffer.from(sent);
          const address = `${scheme}://u:p@127.0.0.1:${port}`;
          const { code } = await failureOf(open(scheme === 'socks4' ? 'https://127.0.0.1:9/' : url, address));
          expect(code).to.match(/^UPSTREAM_/);
          expect(openMediaSockets.size).to.equal(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('ends with the lease during the handshake', async () => {
    await using proxy = await FakeProxy.start('socks');
    proxy.mute = true;
    const opening = failureOf(open('http://tv.test/1', proxy.url()));
    while (proxy.sockets.size === 0) await new Promise(setImmediate);
    stage.lease().end();
    await opening;
    expect(openMediaSockets.size).to.equal(0);
  });

  it('refuses an address that is no proxy, before anything is connected', async () => {
    const provider = await serve((_request, response) => response.end('media'));
    expect((await failureOf(open(provider.url(), 'ftp://x:1'))).code).to.equal('UPSTREAM_PROXY');
    expect(provider.requests).to.have.length(0);
  });
});
