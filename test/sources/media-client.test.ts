import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { BaseUrlHealth } from '../../src/sources/base-url-health.ts';
import { openMedia, parseContentRange } from '../../src/sources/media-client.ts';
import { openMediaSockets } from '../../src/sources/media-client-hop.ts';
import { type Provider, stageMedia } from './media-stage.ts';

/** A key and a certificate nobody has signed, as one PEM; null where there is no openssl. */
function certificate(): string | null {
  const options =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x -keyout - -out -';
  const made = spawnSync('openssl', options.split(' '), { encoding: 'utf8' });
  return made.status === 0 ? made.stdout : null;
}

describe('the media client', () => {
  const { listen, serve, raw, open, codeOf, read, lease } = stageMedia();

  it('asks for the bytes as they are, on a connection of its own, with the headers of the source', async () => {
    const provider = await serve((_, response) => response.end('media'));
    const opened = await open(provider.url('/live?a=1&b=%20'), { range: 'bytes=5-', ifRange: '"x"' }, { 'x-key': '1' });
    expect(await read(opened.body)).to.equal('media');
    expect(provider.requests).to.have.length(1);
    expect(provider.requests[0]?.url).to.equal('/live?a=1&b=%20');
    expect(provider.requests[0]?.headers).to.include({
      'user-agent': 'VLC/3.0',
      'accept-encoding': 'identity',
      connection: 'close',
      range: 'bytes=5-',
      'if-range': '"x"',
      'x-key': '1',
    });
  });

  it('lets no header break the request', async () => {
    const provider = await serve((_, response) => response.end('media'));
    const bad = {
      Host: 'evil',
      'content-length': '5',
      'transfer-encoding': 'chunked',
      upgrade: 'x',
      range: 'bytes=9-',
    };
    expect(await read((await open(provider.url(), {}, bad)).body)).to.equal('media');
    expect(provider.requests[0]?.headers).to.not.have.any.keys(
      'content-length',
      'transfer-encoding',
      'upgrade',
      'range',
    );
    expect(provider.requests[0]?.headers.host).to.match(/^127\.0\.0\.1:/);
  });

  it('leaves no socket behind once the body is over (C5 15)', async () => {
    const provider = await serve((_, response) => response.end('media'));
    const opened = await open(provider.url());
    expect(lease().state).to.equal('open');
    const closed = once(opened.socket, 'close');
    await read(opened.body);
    await Promise.all([closed, provider.idle()]);
    expect(openMediaSockets.size).to.equal(0);
    expect(lease().state).to.equal('granted');
  });

  it('breaks a body without a length when the connection is reset, and ends it when it is closed', async () => {
    const provider = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nmedia'));
    const atProvider = () => [...provider.sockets][0]!;
    const reset = await open(provider.url());
    atProvider().resetAndDestroy();
    const failure: unknown = await read(reset.body).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    await lease().closeSocket();
    await provider.idle();
    const closed = await open(provider.url());
    atProvider().end();
    expect(await read(closed.body)).to.equal('media');
  });

  it('tells what the answer says of itself', async () => {
    const provider = await serve((_, response) => {
      response.writeHead(206, {
        'content-type': 'video/MP4; charset=x',
        'content-range': 'bytes 5-9/10',
        'content-length': '5',
        etag: '"v1"',
        'last-modified': 'Sat, 21 Nov 2026 12:00:00 GMT',
      });
      response.end('56789');
    });
    const opened = await open(provider.url(), { range: 'bytes=5-' });
    const { status, contentType, contentLength, contentRange, acceptRanges, etag, lastModified, hops } = opened;
    expect({ status, contentType, contentLength, contentRange, acceptRanges, etag, lastModified, hops }).to.deep.equal({
      status: 206,
      contentType: 'video/mp4',
      contentLength: 5,
      contentRange: { first: 5, last: 9, size: 10 },
      acceptRanges: true,
      etag: '"v1"',
      lastModified: 'Sat, 21 Nov 2026 12:00:00 GMT',
      hops: 0,
    });
  });

  for (const [text, expected] of [
    ['bytes 0-99/1000', { first: 0, last: 99, size: 1000 }],
    ['bytes 0-99/*', { first: 0, last: 99 }],
    ['Bytes=0-99/1000', { first: 0, last: 99, size: 1000 }],
    ['bytes */1000', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    it(`reads the content range ${text}`, () => {
      expect(parseContentRange(text)).to.deep.equal(expected);
    });
  }

  describe('redirects', () => {
    it('are followed through all their kinds, one socket at a time', async () => {
      const target = await serve((_, response) => response.end('media'));
      const statuses = [301, 302, 303, 307];
      const chain = await serve((request, response) => {
        const at = Number(request.url?.slice(1));
        const location = at + 1 < statuses.length ? `/${at + 1}` : target.url('/final?x=1');
        response.writeHead(statuses[at]!, { location }).end('moved');
      });
      const opened = await open(chain.url('/0'));
      expect(opened.hops).to.equal(4);
      expect(await read(opened.body)).to.equal('media');
      expect([chain.most, target.most]).to.deep.equal([1, 1]);
      expect(chain.requests.map(({ headers }) => headers['user-agent'])).to.deep.equal(Array(4).fill('VLC/3.0'));
    });

    it('have closed their socket before the next one connects', async () => {
      let openThen = -1;
      const target = await serve((_, response) => {
        openThen = origin.sockets.size;
        response.end('media');
      });
      const origin = await serve((_, response) => {
        response.writeHead(302, { location: target.url() });
        response.write('a body that never ends');
      });
      await open(origin.url());
      expect(openThen).to.equal(0);
    });

    it('are given up after five', async () => {
      const provider = await serve((_, response) => response.writeHead(302, { location: '/live' }).end());
      expect(await codeOf(open(provider.url()))).to.equal('UPSTREAM_ERROR');
      expect(provider.requests).to.have.length(6);
      await provider.idle();
    });

    it('to a dead host are UPSTREAM_UNREACHABLE', async () => {
      const provider = await serve((_, response) =>
        response.writeHead(302, { location: 'http://127.0.0.1:1/x' }).end(),
      );
      expect(await codeOf(open(provider.url()))).to.equal('UPSTREAM_UNREACHABLE');
      expect(lease().state).to.equal('granted');
    });

    for (const location of ['ftp://127.0.0.1/x', 'http://', 'file:///etc/passwd']) {
      it(`to ${location} are refused`, async () => {
        const provider = await serve((_, response) => response.writeHead(302, { location }).end());
        expect(await codeOf(open(provider.url()))).to.equal('UPSTREAM_ERROR');
      });
    }

    it('without a location are handed over as they are', async () => {
      const provider = await serve((_, response) => response.writeHead(302).end());
      expect((await open(provider.url())).status).to.equal(302);
    });

    it('take no secrets to another host, and keep the range', async () => {
      const target = await serve((_, response) => response.end('media'));
      const elsewhere = target.url().replace('127.0.0.1', 'localhost');
      const origin = await serve((_, response) => response.writeHead(302, { location: elsewhere }).end());
      const secrets = { authorization: 'Basic x', cookie: 'a=b', 'x-token': 't', referer: 'http://site/' };
      await open(origin.url(), { range: 'bytes=0-' }, secrets).catch(() => {});
      expect(origin.requests[0]?.headers).to.include(secrets);
      expect(target.requests[0]?.headers).to.not.have.any.keys('authorization', 'cookie', 'x-token');
      expect(target.requests[0]?.headers).to.include({
        'user-agent': 'VLC/3.0',
        referer: 'http://site/',
        range: 'bytes=0-',
      });
    });

    it('turn a login in an address into basic authorization, for that address alone', async () => {
      const target = await serve((_, response) => response.end('media'));
      const origin = await serve((_, response) => response.writeHead(302, { location: target.url() }).end());
      await open(origin.url().replace('//', '//us%40er:p%3Aw@'));
      expect(origin.requests[0]?.headers.authorization).to.equal(`Basic ${btoa('us@er:p:w')}`);
      expect(target.requests[0]?.headers.authorization).to.equal(undefined);
    });
  });

  describe('several addresses', () => {
    it('are tried in order when one does not answer', async () => {
      const provider = await serve((_, response) => response.end('media'));
      const opened = await open(['http://127.0.0.1:1/x', provider.url()]);
      expect(opened.status).to.equal(200);
    });

    for (const status of [404, 410]) {
      it(`are tried when one answers ${status}, one socket at a time`, async () => {
        const missing = await serve((_, response) => response.writeHead(status).end('not here'));
        let left = -1;
        const good = await serve((_, response) => {
          left = openMediaSockets.size;
          response.end('media');
        });
        const opened = await open([missing.url(), good.url()]);
        expect([opened.status, await read(opened.body)]).to.deep.equal([200, 'media']);
        expect([left, missing.requests.length]).to.deep.equal([1, 1]);
        await missing.idle();
      });
    }

    it('end with the answer of the last one', async () => {
      const missing = await serve((_, response) => response.writeHead(404).end('not here'));
      const opened = await open([missing.url('/a'), missing.url('/b')]);
      expect([opened.status, await read(opened.body)]).to.deep.equal([404, 'not here']);
      expect([missing.most, missing.requests.length]).to.deep.equal([1, 2]);
    });

    it('are UPSTREAM_NOT_FOUND when one says so and the other is dead', async () => {
      const missing = await serve((_, response) => response.writeHead(404).end());
      expect(await codeOf(open([missing.url(), 'http://127.0.0.1:1/x']))).to.equal('UPSTREAM_NOT_FOUND');
    });

    it('of someone else get no secrets', async () => {
      const missing = await serve((_, response) => response.writeHead(404).end());
      const other = await serve((_, response) => response.end('media'));
      const request = {
        kind: 'http' as const,
        urls: [missing.url(), other.url()],
        foreignUrls: [other.url()],
        headers: { 'user-agent': 'VLC/3.0', cookie: 'secret' },
      };
      const { signal } = new AbortController();
      const opened = await openMedia(request, { owner: lease(), signal, connectTimeoutMs: 2_000 });
      await read(opened.body);
      expect(missing.requests[0]?.headers).to.include({ cookie: 'secret' });
      expect(other.requests[0]?.headers).to.include({ 'user-agent': 'VLC/3.0' }).and.not.have.property('cookie');
    });

    it('are not tried when one answers with an error', async () => {
      const first = await serve((_, response) => response.writeHead(403).end());
      const second = await serve((_, response) => response.end('media'));
      expect((await open([first.url(), second.url()])).status).to.equal(403);
      expect(second.requests).to.deep.equal([]);
    });

    it('are remembered by health: what failed comes last for a while', async () => {
      const health = new BaseUrlHealth();
      const provider = await serve((_, response) => response.end('media'));
      const dead = 'http://127.0.0.1:1/x';
      await open([dead, provider.url()], { health });
      expect(health.order([dead, provider.url()])).to.deep.equal([provider.url(), dead]);
      health.worked(dead);
      expect(health.order([dead, provider.url()])).to.deep.equal([dead, provider.url()]);
    });

    it('that are none at all are NO_STREAM', async () => {
      expect(await codeOf(open([]))).to.equal('NO_STREAM');
      expect(await codeOf(open('rtmp://host/x'))).to.equal('NO_STREAM');
    });
  });

  describe('servers of another age', () => {
    const bodies: readonly [string, string][] = [
      ['a SHOUTcast status line', 'ICY 200 OK\r\ncontent-type: audio/mpeg\r\n\r\nmedia'],
      ['HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nmedia'],
      ['line feeds alone', 'HTTP/1.1 200 OK\ncontent-type: video/mp2t\n\nmedia'],
      ['header values with control characters', 'HTTP/1.1 200 OK\r\nx-a: b\u0001c\r\n\r\nmedia'],
      [
        'both a length and chunks',
        'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nmedia\r\n0\r\n\r\n',
      ],
    ];
    for (const [what, bytes] of bodies) {
      it(`are understood: ${what}`, async () => {
        const provider = await raw((socket) => socket.end(bytes));
        const opened = await open(provider.url());
        expect(opened.status).to.equal(200);
        expect(await read(opened.body)).to.equal('media');
      });
    }

    it('that speak no HTTP at all are UPSTREAM_BAD_CONTENT', async () => {
      const provider = await raw((socket) => socket.end('220 ftp ready\r\n'));
      expect(await codeOf(open(provider.url()))).to.equal('UPSTREAM_BAD_CONTENT');
    });
  });

  describe('failures', () => {
    it('are UPSTREAM_UNREACHABLE when nobody listens, without the address in the message', async () => {
      const error = await open('http://127.0.0.1:1/live/user/password/1.ts').catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(CoaxError).with.property('code', 'UPSTREAM_UNREACHABLE');
      expect(String(error)).to.not.match(/127|user|password/);
    });

    it('are UPSTREAM_UNREACHABLE when the head does not come in time, and the socket is gone', async () => {
      const provider = await serve(() => {});
      const failed = open(provider.url(), { headerTimeoutMs: 30.25 }).catch((thrown: unknown) => thrown);
      expect(await failed).to.include({
        code: 'UPSTREAM_UNREACHABLE',
        message: 'The provider sent no answer within 30 ms',
      });
      expect(lease().state).to.equal('granted');
      await provider.idle();
    });

    it('are marked as a reset when the provider resets before it answers', async () => {
      const provider = await raw((socket) => socket.resetAndDestroy());
      const error: CoaxError = await open(provider.url()).then(
        () => expect.fail('it opened'),
        (thrown: CoaxError) => thrown,
      );
      expect([error.code, error.details?.['reset']]).to.deep.equal(['UPSTREAM_UNREACHABLE', true]);
    });

    it('are marked as a reset when the provider closes without an answer', async () => {
      const provider = await raw((socket) => socket.end());
      const error = await open(provider.url()).catch((thrown: CoaxError) => thrown);
      expect((error as CoaxError).details?.['reset']).to.equal(true);
    });

    it('of a server without TLS say so', async () => {
      const provider = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('no TLS here'))));
      const error = await open(provider.url().replace('http:', 'https:')).catch((thrown: CoaxError) => thrown);
      expect((error as CoaxError).message).to.contain('does not speak TLS');
    });

    it('of a certificate say so (needs openssl)', async function () {
      const key = certificate();
      if (key === null) this.skip();
      const provider = await listen(createTlsServer({ key, cert: key }, (_, response) => response.end('media')));
      const error = await open(provider.url().replace('http:', 'https:')).catch((thrown: CoaxError) => thrown);
      expect((error as CoaxError).code).to.equal('UPSTREAM_UNREACHABLE');
      expect((error as CoaxError).message).to.contain('certificate');
    });
  });

  describe('an abort', () => {
    async function abortedAt(provider: Provider, when: (gone: AbortController) => void): Promise<void> {
      const gone = new AbortController();
      when(gone);
      expect(await codeOf(open(provider.url(), { signal: gone.signal }))).to.equal('CANCELLED');
      expect(lease().state).to.equal('granted');
      expect(openMediaSockets.size).to.equal(0);
      await provider.idle();
    }

    it('before the start opens nothing', async () => {
      const provider = await serve((_, response) => response.end());
      await abortedAt(provider, (gone) => gone.abort());
      expect(provider.requests).to.deep.equal([]);
    });

    it('while it connects leaves no socket (C5 9)', async () => {
      const provider = await serve((_, response) => response.end());
      await abortedAt(provider, (gone) => queueMicrotask(() => gone.abort()));
    });

    it('while it waits for the head leaves no socket (C5 9)', async () => {
      let abort = () => {};
      const provider = await serve(() => abort());
      await abortedAt(provider, (gone) => (abort = () => gone.abort()));
    });

    it('between two redirects leaves no socket', async () => {
      let abort = () => {};
      const provider = await serve((_, response) => {
        response.writeHead(302, { location: '/live' }).end();
        setImmediate(() => abort());
      });
      await abortedAt(provider, (gone) => (abort = () => gone.abort()));
    });

    it('by the end of the lease leaves no socket while it waits for the head', async () => {
      const provider = await serve(() => lease().end());
      expect(await codeOf(open(provider.url()))).to.not.equal(undefined);
      await provider.idle();
    });

    it('by the end of the lease after the head breaks the body off', async () => {
      const provider = await serve((_, response) => response.write('media'));
      const opened = await open(provider.url());
      lease().end();
      await lease().released;
      await provider.idle();
      expect(opened.body.destroyed || opened.body.readableAborted).to.equal(true);
    });
  });
});
