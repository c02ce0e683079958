import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import { Breakers } from '../../src/sources/breakers.ts';
import { ProviderClient, type ProviderClientOptions } from '../../src/sources/provider-client.ts';
import { FakeProxy } from '../support/fake-proxy.ts';

const login = { username: 'list user', password: 'pa:ss/wörd' };

describe('the client of lists and guides', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
  async function serve(listener: RequestListener): Promise<number> {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  const clientOf = (more: Partial<ProviderClientOptions> = {}): ProviderClient =>
    new ProviderClient({
      headers: { 'user-agent': 'VLC' },
      log: silentLog,
      silenceMs: 2_000,
      maxBytes: 1_000_000,
      retry: { attempts: 1, firstDelayMs: 1, longestDelayMs: 1 },
      ...more,
    });
  const read = (client: ProviderClient, url: string): Promise<unknown> =>
    client.readJson({ urls: [url], signal: new AbortController().signal });
  const codeOf = async (reading: Promise<unknown>): Promise<string> => {
    const error = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CoaxError)) return 'none';
    expect(`${error.message} ${error.stack} ${String(error.cause)}`)
      .not.to.contain('pa:ss')
      .and.not.to.contain('list user');
    return error.code;
  };

  for (const [kind, scheme] of [
    ['http', 'http'],
    ['socks', 'socks5h'],
    ['socks', 'socks5'],
  ] as const) {
    it(`goes through a proxy of the kind ${scheme}, over redirects too`, async () => {
      const port = await serve((request, response) => {
        if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
        else response.end(JSON.stringify(request.headers));
      });
      await using proxy = await FakeProxy.start(kind, login);
      const answer = await read(clientOf({ proxy: proxy.url(scheme) }), `http://127.0.0.1:${port}/a`);
      expect(answer).to.include({ 'user-agent': 'VLC' }).and.not.to.have.property('proxy-authorization');
      expect(proxy.targets).to.deep.equal([`127.0.0.1:${port}`, `127.0.0.1:${port}`]);
    });
  }

  it('says what the proxy says, and not that the provider does', async () => {
    const port = await serve((_request, response) => response.end('{}'));
    for (const kind of ['http', 'socks'] as const) {
      await using proxy = await FakeProxy.start(kind, login);
      const wrong = proxy.url(undefined, { username: 'list user', password: 'pa:ss wrong' });
      expect(await codeOf(read(clientOf({ proxy: wrong }), `http://127.0.0.1:${port}/`))).to.equal('SOURCE_PROXY');
    }
    await using socks = await FakeProxy.start('socks', login);
    socks.answer = 5;
    expect(await codeOf(read(clientOf({ proxy: socks.url() }), `http://127.0.0.1:${port}/`))).to.equal(
      'SOURCE_UNREACHABLE',
    );
    await using http = await FakeProxy.start('http', login);
    http.answer = 403;
    expect(await codeOf(read(clientOf({ proxy: http.url() }), 'https://tv.test/'))).to.equal('SOURCE_PROXY');
    expect(await codeOf(read(clientOf({ proxy: 'nonsense' }), `http://127.0.0.1:${port}/`))).to.equal('SOURCE_PROXY');
    const gone = await FakeProxy.start('http');
    const address = gone.url();
    await gone[Symbol.asyncDispose]();
    expect(await codeOf(read(clientOf({ proxy: address }), `http://127.0.0.1:${port}/`))).to.equal('SOURCE_PROXY');
  });

  it('ends the handshake with a proxy when it is given up', async () => {
    await using proxy = await FakeProxy.start('socks');
    proxy.mute = true;
    const controller = new AbortController();
    const reading = codeOf(
      clientOf({ proxy: proxy.url() }).readJson({ urls: ['http://tv.test/'], signal: controller.signal }),
    );
    while (proxy.sockets.size === 0) await new Promise(setImmediate);
    controller.abort();
    expect(await reading).to.equal('CANCELLED');
    while (proxy.sockets.size > 0) await new Promise(setImmediate);
  });

  it('keeps the cookies of its session, those of redirects too, and gives none to another site', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/login') response.setHeader('set-cookie', 'session=1; Path=/');
      if (request.url === '/away')
        response.writeHead(302, { location: `http://localhost:${port}/end`, 'set-cookie': 'hop=2' });
      if (request.url === '/end' && request.headers.host?.startsWith('localhost') === true)
        response.writeHead(302, { location: `http://127.0.0.1:${port}/home`, 'set-cookie': 'far=9; Path=/' });
      if (request.url === '/near') response.writeHead(302, { location: '/end', 'set-cookie': 'hop=3; Path=/' });
      response.end(JSON.stringify({ cookie: request.headers.cookie ?? '' }));
    });
    const client = clientOf({ headers: { 'user-agent': 'VLC', cookie: 'given=0' }, hosts: new Set(['127.0.0.1']) });
    const at = `http://127.0.0.1:${port}`;
    expect(await read(client, `${at}/login`)).to.deep.equal({ cookie: 'given=0' });
    expect(await read(client, `${at}/x`)).to.deep.equal({ cookie: 'given=0; session=1' });
    expect(await read(client, `${at}/away`)).to.deep.equal({ cookie: 'given=0; session=1; hop=2' });
    expect(await read(client, `${at}/near`)).to.deep.equal({ cookie: 'given=0; session=1; hop=3' });
    expect(await read(clientOf(), `${at}/x`)).to.deep.equal({ cookie: '' });
  });

  it('leaves a host alone that is down, and tells apart whose answer is a failure of the host', async () => {
    const breakers = new Breakers({ rules: () => ({ failures: 2, share: 0, openMs: 60_000, trials: 1 }) });
    let status = 404;
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.statusCode = status;
      response.end('{}');
    });
    const at = `http://127.0.0.1:${port}/`;
    const client = clientOf({ gate: breakers.gate('list'), hosts: new Set(['elsewhere']) });
    for (const harmless of [404, 401, 403, 429, 503]) {
      status = harmless;
      await codeOf(read(client, at));
      await codeOf(read(client, at));
    }
    expect(breakers.list()).to.have.length(1);
    expect(breakers.list()[0]).to.include({ state: 'closed', failures: 0 });
    status = 500;
    await codeOf(read(client, at));
    await codeOf(read(client, at));
    const before = asked;
    expect(await codeOf(read(client, at))).to.equal('SOURCE_BREAKER_OPEN');
    expect(asked).to.equal(before);
    // Who has no other address than its own may look whether it is back.
    status = 200;
    expect(await read(clientOf({ gate: breakers.gate('list') }), at)).to.deep.equal({});
  });
});
