import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { zipSync } from 'fflate';
import { CoaxError } from '../../src/errors.ts';
import { type Log, silentLog } from '../../src/log/log.ts';
import { ProviderClient, type ProviderClientOptions } from '../../src/sources/provider-client.ts';
import type { Expected } from '../../src/sources/source-failure.ts';
import { RecordingLog } from './recording-log.ts';
import { deadBase, type Handler, startWebStub } from './web-stub.ts';

const quick = { attempts: 3, firstDelayMs: 1, longestDelayMs: 20 };
const { signal } = new AbortController();

function client(options: Partial<ProviderClientOptions> = {}): ProviderClient {
  return new ProviderClient({
    headers: { 'user-agent': 'Player/1' },
    log: silentLog,
    silenceMs: 5_000,
    maxBytes: 1_000_000,
    retry: quick,
    random: () => 0,
    ...options,
  });
}

async function textOf(reader: ProviderClient, urls: readonly string[], expect: Expected = 'playlist'): Promise<string> {
  return reader.read({ urls, expect, signal }, async ({ chunks }) => {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return Buffer.concat(parts).toString();
  });
}

async function failure(work: Promise<unknown>): Promise<CoaxError> {
  try {
    await work;
  } catch (error) {
    expect(error).to.be.instanceOf(CoaxError);
    return error as CoaxError;
  }
  throw new Error('It should have failed');
}

const say =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };
/** Answers the n-th request with the n-th handler, and all later ones with the last. */
const inTurn = (...handlers: readonly Handler[]): Handler => {
  let asked = 0;
  return (request, response, url) => handlers[Math.min(asked++, handlers.length - 1)]?.(request, response, url);
};
const playlist = '#EXTM3U\n#EXTINF:-1,One\nhttp://x.example/1.ts\n';

describe('ProviderClient', () => {
  it('is a player to the provider, accepts anything, and keeps no connection', async () => {
    await using web = await startWebStub(say(playlist));
    expect(await textOf(client(), [`${web.base}/a`])).to.equal(playlist);
    expect(web.requests[0]?.headers).to.include({ 'user-agent': 'Player/1', accept: '*/*', connection: 'close' });
  });

  for (const [name, status, body, headers, code, requests] of [
    ['a web page with 200', 200, '<!DOCTYPE html><html>expired</html>', {}, 'SOURCE_BAD_CONTENT', 1],
    ['"blocked" with 200', 200, 'Blocked', {}, 'SOURCE_BLOCKED', 1],
    ['"forbidden" with 200', 200, 'forbidden', {}, 'SOURCE_BLOCKED', 1],
    ['JSON instead of a playlist', 200, '{"x":1}', {}, 'SOURCE_BAD_CONTENT', 1],
    ['"access denied" with 200', 200, 'Access Denied', {}, 'SOURCE_BLOCKED', 1],
    ['"unauthorized" in quotes with 200', 200, '"unauthorized"', {}, 'SOURCE_BLOCKED', 1],
    ['an empty body', 200, '', {}, 'SOURCE_EMPTY', 1],
    ['only blanks', 200, ' \r\n', {}, 'SOURCE_EMPTY', 1],
    ['a guide instead of a playlist', 200, '<?xml version="1.0"?><tv></tv>', {}, 'SOURCE_BAD_CONTENT', 1],
    ['401', 401, 'no', {}, 'SOURCE_LOGIN_REFUSED', 1],
    ['403', 403, '', {}, 'SOURCE_LOGIN_REFUSED', 1],
    ['403 with a page', 403, '<html>Just a moment', {}, 'SOURCE_BLOCKED', 1],
    ['404', 404, 'no', {}, 'SOURCE_NOT_FOUND', 1],
    ['406', 406, '', {}, 'SOURCE_BLOCKED', 1],
    ['451', 451, '', {}, 'SOURCE_BLOCKED', 1],
    ['884', 884, '', {}, 'SOURCE_BLOCKED', 1],
    ['512', 512, '', {}, 'SOURCE_LOGIN_REFUSED', 1],
    ['a redirect to nowhere', 302, '', {}, 'SOURCE_BAD_CONTENT', 1],
    ['429, again and again', 429, '', {}, 'SOURCE_BUSY', 3],
    ['503, again and again', 503, '<html>', {}, 'SOURCE_BUSY', 3],
    ['429 that asks for an hour', 429, '', { 'retry-after': '3600' }, 'SOURCE_BUSY', 1],
    ['a body larger than allowed', 200, `#EXTM3U\n${'x'.repeat(1_100_000)}`, {}, 'SOURCE_TOO_LARGE', 1],
  ] as const) {
    it(`answers ${code} to ${name}, after ${requests} request(s)`, async () => {
      await using web = await startWebStub(say(body, status, { ...headers }));
      const error = await failure(textOf(client(), [`${web.base}/a?password=secret1`]));
      expect(error.code).to.equal(code);
      expect(error.message).not.to.contain('secret1');
      expect(web.requests).to.have.length(requests);
    });
  }

  it('tries again after 503 and 429 and then succeeds', async () => {
    await using web = await startWebStub(inTurn(say('', 503), say('', 429, { 'retry-after': '0' }), say(playlist)));
    const log = new RecordingLog();
    expect(await textOf(client({ log }), [`${web.base}/a`])).to.equal(playlist);
    expect(log.lines).to.have.length(2);
  });

  it('waits as long as Retry-After says', async () => {
    await using web = await startWebStub(say('', 429, { 'retry-after': '30' }));
    const stop = new AbortController();
    const delays: unknown[] = [];
    const log: Log = {
      ...silentLog,
      warn: (_, fields) => {
        delays.push(fields?.['delayMs']);
        stop.abort();
      },
    };
    const retry = { attempts: 2, firstDelayMs: 1, longestDelayMs: 60_000 };
    await failure(client({ log, retry }).readJson({ urls: [web.base], signal: stop.signal }));
    expect(delays).to.deep.equal([30_000]);
  });

  it('tells a large Retry-After on instead of waiting', async () => {
    await using web = await startWebStub(say('', 429, { 'retry-after': '3600' }));
    expect((await failure(textOf(client(), [web.base]))).retryAfterMs).to.equal(3_600_000);
  });

  it('gives up a wait at once when it is aborted', async () => {
    await using web = await startWebStub(say('', 503));
    const stop = new AbortController();
    const retry = { attempts: 3, firstDelayMs: 60_000, longestDelayMs: 60_000 };
    const log = { ...silentLog, warn: () => stop.abort() };
    const work = client({ retry, log }).readJson({ urls: [web.base], signal: stop.signal });
    expect((await failure(work)).code).to.equal('CANCELLED');
  });

  it('gives up in the middle of a body when it is aborted, and closes the connection', async () => {
    await using web = await startWebStub((_, response) => void response.write(playlist.repeat(200)));
    const stop = new AbortController();
    const request = { urls: [web.base], expect: 'playlist' as const, signal: stop.signal };
    const work = client().read(request, async ({ chunks }) => {
      for await (const _ of chunks) stop.abort();
    });
    expect((await failure(work)).code).to.equal('CANCELLED');
    while (web.sockets > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('gives up on a provider that falls silent before its answer or within it', async () => {
    const retry = { ...quick, attempts: 1 };
    await using mute = await startWebStub(() => {});
    expect((await failure(textOf(client({ silenceMs: 50, retry }), [mute.base]))).code).to.equal('SOURCE_UNREACHABLE');
    await using stuck = await startWebStub((_, response) => void response.write(playlist.repeat(100)));
    expect((await failure(textOf(client({ silenceMs: 1_000, retry }), [stuck.base]))).code).to.equal(
      'SOURCE_TRUNCATED',
    );
  });

  it('does not count the time of a slow reader as silence', async () => {
    await using web = await startWebStub(say(playlist.repeat(5_000)));
    const request = { urls: [web.base], expect: 'playlist' as const, signal };
    let bytes = 0;
    await client({ silenceMs: 60 }).read(request, async ({ chunks }) => {
      let first = true;
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (first) await new Promise((resolve) => setTimeout(resolve, 120));
        first = false;
      }
    });
    expect(bytes).to.equal(playlist.length * 5_000);
  });

  it('reads a body that broke off again from its start', async () => {
    const cut: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write(playlist);
      setTimeout(() => response.destroy(), 10);
    };
    await using web = await startWebStub(inTurn(cut, say(playlist)));
    expect(await textOf(client(), [web.base])).to.equal(playlist);
    expect(web.requests).to.have.length(2);
  });

  it('does not try again once something was handed over', async () => {
    const cut: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write(playlist.repeat(100));
      setTimeout(() => response.destroy(), 10);
    };
    await using web = await startWebStub(cut);
    const work = client().read({ urls: [web.base], expect: 'playlist', signal }, async ({ chunks, commit }) => {
      for await (const _ of chunks) commit();
    });
    expect((await failure(work)).code).to.equal('SOURCE_TRUNCATED');
    expect(web.requests).to.have.length(1);
  });

  it('goes on with the next address, and asks the one that failed last afterwards', async () => {
    const dead = await deadBase();
    await using web = await startWebStub(say(playlist));
    const reader = client();
    const log = new RecordingLog();
    await textOf(reader, [`${dead}/a`, `${web.base}/a`]);
    await using second = await startWebStub(say('', 500));
    const reading = client({ log });
    await textOf(reading, [`${second.base}/a`, `${web.base}/a`]);
    await textOf(reading, [`${second.base}/a`, `${web.base}/a`]);
    expect(second.requests).to.have.length(1);
    expect(log.lines).to.deep.equal([]);
  });

  it('goes on with the next address when one sends a page, and names a refusal rather than a dead address', async () => {
    await using page = await startWebStub(say('<html>blocked by your internet provider</html>'));
    await using web = await startWebStub(say(playlist));
    expect(await textOf(client(), [page.base, web.base])).to.equal(playlist);
    await using refusing = await startWebStub(say('', 401));
    const error = await failure(textOf(client(), [await deadBase(), refusing.base]));
    expect(error.code).to.equal('SOURCE_LOGIN_REFUSED');
    expect(refusing.requests).to.have.length(1);
  });

  it('follows redirects with its user agent and leaves secrets at the first host', async () => {
    await using target = await startWebStub(say(playlist));
    const other = target.base.replace('127.0.0.1', 'localhost');
    await using web = await startWebStub(say('', 302, { location: `${other}/list` }));
    const headers = { 'user-agent': 'Player/1', 'x-token': 'secret1', cookie: 'secret1' };
    expect(await textOf(client({ headers }), [web.base])).to.equal(playlist);
    expect(web.requests[0]?.headers).to.include({ 'x-token': 'secret1' });
    expect(target.requests[0]?.headers).to.include({ 'user-agent': 'Player/1' });
    expect(JSON.stringify(target.requests[0]?.headers)).not.to.contain('secret1');
  });

  it('sends other hosts no header that may be a secret', async () => {
    await using web = await startWebStub(say(playlist));
    const headers = { 'user-agent': 'Player/1', 'x-token': 'secret1' };
    await textOf(client({ headers, hosts: new Set(['panel.example']) }), [web.base]);
    expect(web.requests[0]?.headers).to.include({ 'user-agent': 'Player/1' });
    expect(web.requests[0]?.headers).not.to.have.property('x-token');
  });

  it('gives up after five redirects', async () => {
    await using web = await startWebStub((_, response, url) => {
      response.writeHead(302, { location: `/${Number(url.pathname.slice(1)) + 1}` }).end();
    });
    expect((await failure(textOf(client(), [`${web.base}/0`]))).code).to.equal('SOURCE_BAD_CONTENT');
    expect(web.requests).to.have.length(6);
  });

  for (const [name, body, headers] of [
    ['gzip by transport', gzipSync(playlist), { 'content-encoding': 'gzip' }],
    ['gzip by content', gzipSync(playlist), {}],
    ['gzip by both', gzipSync(gzipSync(playlist)), { 'content-encoding': 'gzip' }],
    ['gzip by the header only', Buffer.from(playlist), { 'content-encoding': 'gzip' }],
    ['brotli by transport', brotliCompressSync(playlist), { 'content-encoding': 'br' }],
    ['zip', Buffer.from(zipSync({ 'list.m3u': Buffer.from(playlist) })), { 'content-type': 'text/html' }],
    [
      'xz',
      Buffer.from(
        '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAsI0VYVE0zVQojRVhUSU5GOi0xLE9uZQpodHRwOi8veC5leGFtcGxlLzEudHMKAAAAAKAJA5GVplmDAAFFLR5SV+gftvN9AQAAAAAEWVo=',
        'base64',
      ),
      {},
    ],
  ] as const) {
    it(`unpacks ${name}`, async () => {
      await using web = await startWebStub(say(body, 200, { ...headers }));
      expect(await textOf(client(), [web.base])).to.equal(playlist);
    });
  }

  it('stops unpacking at its bound', async () => {
    await using web = await startWebStub(say(gzipSync(Buffer.alloc(3_000_000, '#'))));
    expect((await failure(textOf(client(), [web.base]))).code).to.equal('SOURCE_TOO_LARGE');
  });

  it('finds a gzip file that was cut short', async () => {
    const whole = gzipSync(Buffer.from(Array.from({ length: 5_000 }, () => Math.random()).join('\n')));
    await using web = await startWebStub(say(whole.subarray(0, whole.length / 2)));
    expect((await failure(textOf(client(), [web.base]))).code).to.equal('SOURCE_TRUNCATED');
    expect(web.requests).to.have.length(3);
  });

  for (const [name, body, expected] of [
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    [
      'notices of PHP before it',
      '<br />\n<b>Notice</b>: Undefined index: [x] in <b>/a.php</b> on line <b>3</b><br />\n{"a":1}',
      { a: 1 },
    ],
    ['text of PHP before it', 'Warning: foo() in /a.php on line 3\n[{"a":1}]', [{ a: 1 }]],
    ['text behind it', '[1,2]\n<br />Fatal error', [1, 2]],
    ['false', 'false', false],
    ['null', 'null', null],
  ] as const) {
    it(`reads JSON with ${name}`, async () => {
      await using web = await startWebStub(say(body));
      expect(await client().readJson({ urls: [web.base], signal })).to.deep.equal(expected);
    });
  }

  for (const [body, code, requests] of [
    ['{"user_info":{"auth":1', 'SOURCE_TRUNCATED', 3],
    ['[{"a":1},', 'SOURCE_TRUNCATED', 3],
    ['[{"a":1}', 'SOURCE_TRUNCATED', 3],
    ['no json', 'SOURCE_BAD_CONTENT', 1],
    ['{"a":}', 'SOURCE_BAD_CONTENT', 1],
  ] as const) {
    it(`answers ${code} to the JSON ${body}`, async () => {
      await using web = await startWebStub(say(body));
      expect((await failure(client().readJson({ urls: [web.base], signal }))).code).to.equal(code);
      expect(web.requests).to.have.length(requests);
    });
  }

  for (const url of ['ftp://h/x', 'gopher://h', 'data:text/plain,x', 'list.m3u', '']) {
    it(`refuses the address ${JSON.stringify(url)}`, async () => {
      expect((await failure(textOf(client(), [url]))).code).to.equal('SOURCE_NOT_FOUND');
    });
  }

  it('lets errors of the reader pass', async () => {
    await using web = await startWebStub(say(playlist));
    const mine = new TypeError('mine');
    const work = client().read({ urls: [web.base], expect: 'playlist', signal }, () => Promise.reject(mine));
    expect(await work.catch((error: unknown) => error)).to.equal(mine);
    expect(web.requests).to.have.length(1);
  });

  describe('with files of this machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coax-client-'));
    const file = join(folder, 'my list.m3u.gz');
    before(() => writeFileSync(file, gzipSync(playlist)));
    after(() => rmSync(folder, { recursive: true }));

    it('reads a path and a file: address, packed or not', async () => {
      expect(await textOf(client(), [file])).to.equal(playlist);
      expect(await textOf(client(), [pathToFileURL(file).href])).to.equal(playlist);
    });

    it('says when there is no such file, or it is a folder', async () => {
      expect((await failure(textOf(client(), [join(folder, 'none.m3u')]))).code).to.equal('SOURCE_NOT_FOUND');
      const error = await failure(textOf(client(), [folder]));
      expect(error.code).to.equal('SOURCE_BAD_CONTENT');
      expect(error.message).not.to.contain(tmpdir());
    });
  });
});
