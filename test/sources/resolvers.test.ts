import { expect } from 'chai';
import type { SourceConfig } from '../../src/config/schema.ts';
import { sourceSchema } from '../../src/config/source-schema.ts';
import { CoaxError } from '../../src/errors.ts';
import type { AccountId } from '../../src/model/ids.ts';
import type { StreamLocator } from '../../src/model/items.ts';
import { BaseUrlHealth } from '../../src/sources/base-url-health.ts';
import { createResolver } from '../../src/sources/factory.ts';
import { XtreamResolver } from '../../src/sources/xtream/resolver.ts';
import { nastyLogins } from './nasty-logins.ts';

const a1 = 'a1' as AccountId;
const a2 = 'a2' as AccountId;
const accounts = [
  { id: 'a1', username: 'bob', password: 'secret1' },
  { id: 'a2', username: 'ann', password: 'secret2' },
];
const source = (kind: string, url: string, more: object = {}): SourceConfig =>
  sourceSchema.parse({ id: 's1', kind, name: 'S', url, accounts, ...more });
const live: StreamLocator = { kind: 'xtream', type: 'live', id: '12', ext: 'ts' };

function httpOf(request: ReturnType<XtreamResolver['resolve']>) {
  if (request.kind !== 'http') throw new Error('It should be over HTTP');
  return request;
}

describe('the resolver of a panel', () => {
  for (const [locator, path] of [
    [live, '/live/bob/secret1/12.ts'],
    [{ kind: 'xtream', type: 'movie', id: '9', ext: 'mkv' }, '/movie/bob/secret1/9.mkv'],
    [{ kind: 'xtream', type: 'series', id: '7', ext: 'mp4' }, '/series/bob/secret1/7.mp4'],
  ] as const) {
    it(`builds ${path} on each address of the panel`, () => {
      const config = source('xtream', 'http://one.example:8080/sub/player_api.php', {
        baseUrls: ['https://two.example/'],
      });
      const { urls, headers } = httpOf(createResolver(config).resolve(locator, a1));
      expect(urls).to.deep.equal([`http://one.example:8080/sub${path}`, `https://two.example${path}`]);
      expect(headers['user-agent']).to.match(/^VLC/);
    });
  }

  it('uses the login of the account', () => {
    const { urls } = httpOf(createResolver(source('xtream', 'http://h')).resolve(live, a2));
    expect(urls).to.deep.equal(['http://h/live/ann/secret2/12.ts']);
  });

  for (const nasty of nastyLogins) {
    it(`encodes the login ${JSON.stringify(nasty)}`, () => {
      const config = source('xtream', 'http://h', { accounts: [{ id: 'a1', ...nasty }] });
      const [url = ''] = httpOf(createResolver(config).resolve(live, a1)).urls;
      const parts = new URL(url).pathname.split('/').map(decodeURIComponent);
      expect(parts).to.deep.equal(['', 'live', nasty.username, nasty.password, '12.ts']);
    });
  }

  it('sends the user agent and headers of the source', () => {
    const config = source('xtream', 'http://h', { userAgent: 'Mine/1', headers: { 'X-Key': 'k', 'User-Agent': 'no' } });
    expect(httpOf(createResolver(config).resolve(live, a1)).headers).to.deep.equal({
      'user-agent': 'Mine/1',
      'x-key': 'k',
    });
  });

  for (const [formats, expected] of [
    [undefined, ['12.ts']],
    [['m3u8', 'ts', 'rtmp'], ['12.ts']],
    [['rtmp'], ['12.ts']],
    [['m3u8'], ['12.m3u8', '12.ts']],
  ] as const)
    it(`asks a panel that lists ${formats?.join() ?? 'nothing'} for ${expected.join(', then ')}`, () => {
      const known = formats === undefined ? {} : { formats };
      const { urls } = httpOf(createResolver(source('xtream', 'http://h'), known).resolve(live, a1));
      expect(urls.map((url) => url.replace(/.*\//, ''))).to.deep.equal(expected);
    });

  it('puts an address that failed lately last', () => {
    const health = new BaseUrlHealth();
    health.failed('http://one.example/anything');
    const config = source('xtream', 'http://one.example', { baseUrls: ['http://two.example'] });
    const { urls } = httpOf(createResolver(config, {}, { health }).resolve(live, a1));
    expect(urls.map((url) => new URL(url).host)).to.deep.equal(['two.example', 'one.example']);
  });

  it('asks a direct source after the panel, or first when told so', () => {
    const direct: StreamLocator = { ...live, direct: 'http://direct.example/x' };
    const baseUrls = ['http://h2', 'http://h3', 'http://h4', 'http://h5'];
    const usual = httpOf(createResolver(source('xtream', 'http://h', { baseUrls })).resolve(direct, a1));
    expect(usual.urls.map((url) => new URL(url).host)).to.deep.equal(['h', 'h2', 'h3', 'direct.example']);
    expect(usual.foreignUrls).to.deep.equal(['http://direct.example/x']);
    const without = source('xtream', 'http://h', { accounts: [{ id: 'a1' }] });
    expect(httpOf(createResolver(without).resolve(direct, a1)).urls).to.deep.equal(['http://direct.example/x']);
    const first = new XtreamResolver(source('xtream', 'http://h'), {}, { direct: 'first' });
    expect(httpOf(first.resolve(direct, a1)).urls[0]).to.equal('http://direct.example/x');
  });

  it('refuses what is not its own', () => {
    const resolver = createResolver(source('xtream', 'http://h'));
    for (const [locator, account] of [
      [{ kind: 'url', url: 'http://x' }, a1],
      [live, 'other' as AccountId],
    ] as const)
      expect(() => resolver.resolve(locator, account))
        .to.throw(CoaxError)
        .with.property('code', 'NO_STREAM');
  });
});

describe('the resolver of a playlist', () => {
  const entry: StreamLocator = {
    kind: 'url',
    url: 'http://p.example/live/bob/secret1/1.ts',
    headers: { 'User-Agent': 'Special/1' },
  };

  it("gives the entry's address with the headers of the source and, over them, its own", () => {
    const config = source('m3u', 'http://h/list.m3u', { headers: { 'X-Key': 'k' } });
    expect(createResolver(config).resolve(entry, a1)).to.deep.equal({
      kind: 'http',
      urls: ['http://p.example/live/bob/secret1/1.ts'],
      headers: { 'user-agent': 'Special/1', 'x-key': 'k' },
    });
  });

  it('sends no header that would break the request, of an entry or of the source', () => {
    const bad = {
      Host: 'evil.example',
      Connection: 'keep-alive, X-Key',
      'Keep-Alive': '1',
      'Proxy-Connection': 'x',
      'Proxy-Authorization': 'x',
      TE: 'trailers',
      Trailer: 'x',
      'Transfer-Encoding': 'chunked',
      Upgrade: 'x',
      'Content-Length': '5',
      'Content-Type': 'x/y',
      Expect: '100-continue',
      Range: 'bytes=5-',
      'If-Range': 'x',
      'Accept-Encoding': 'br',
    };
    const good = { Referer: 'http://r.example/', Cookie: 'a=b' };
    const config = source('m3u', 'http://h/list.m3u', { headers: { ...bad, 'X-Key': 'k' } });
    const request = httpOf(createResolver(config).resolve({ ...entry, headers: { ...bad, ...good } }, a1));
    expect(Object.keys(request.headers).sort()).to.deep.equal(['cookie', 'referer', 'user-agent', 'x-key']);
    expect(
      Object.keys(httpOf(createResolver(source('xtream', 'http://h', { headers: bad })).resolve(live, a1)).headers),
    ).to.deep.equal(['user-agent']);
  });

  it('puts the login of another account in', () => {
    const config = source('m3u', 'http://p.example/get.php?username=bob&password=secret1');
    expect(httpOf(createResolver(config).resolve(entry, a2)).urls).to.deep.equal([
      'http://p.example/live/ann/secret2/1.ts',
    ]);
  });

  it('gives the same stream at the other addresses of its panel', () => {
    const url = 'http://p.example/get.php?username=bob&password=secret1';
    const config = source('m3u', url, { baseUrls: ['http://q.example:8080/'] });
    expect(httpOf(createResolver(config).resolve(entry, a1)).urls).to.deep.equal([
      'http://p.example/live/bob/secret1/1.ts',
      'http://q.example:8080/live/bob/secret1/1.ts',
    ]);
  });

  it('leaves an address alone that holds no known login', () => {
    const other: StreamLocator = { kind: 'url', url: 'http://cdn.example/one.m3u8?token=x' };
    expect(httpOf(createResolver(source('m3u', '/lists/a.m3u')).resolve(other, a2)).urls).to.deep.equal([other.url]);
  });

  for (const url of ['udp://@239.0.0.1:0', 'concat:http://h/x', 'file:///etc/passwd', 'x']) {
    it(`does not play ${url}`, () => {
      const resolver = createResolver(source('m3u', 'http://h/list.m3u'));
      expect(() => resolver.resolve({ kind: 'url', url }, a1))
        .to.throw(CoaxError)
        .with.property('code', 'NO_STREAM');
    });
  }
});

describe('the resolver of the demo', () => {
  it('asks for clips and has an account without a limit', () => {
    const resolver = createResolver(sourceSchema.parse({ id: 'demo', kind: 'demo', name: 'Demo' }));
    expect(resolver.accounts.map(({ limit }) => limit)).to.deep.equal([null]);
    const account = resolver.accounts[0]?.id ?? a1;
    expect(resolver.resolve({ kind: 'demo', clip: 'bars' }, account)).to.deep.equal({ kind: 'demo', clip: 'bars' });
  });
});
