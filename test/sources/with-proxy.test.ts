import { expect } from 'chai';
import { sourceSchema } from '../../src/config/source-schema.ts';
import { CoaxError } from '../../src/errors.ts';
import type { AccountId } from '../../src/model/ids.ts';
import type { StreamLocator } from '../../src/model/items.ts';
import { createResolver } from '../../src/sources/factory.ts';
import { parseProxy } from '../../src/sources/proxy.ts';
import { withOverride } from '../../src/sources/with-proxy.ts';

const source = (more: Record<string, unknown> = {}) =>
  sourceSchema.parse({ id: 's', kind: 'm3u', name: 'S', url: 'http://list.test/a.m3u', ...more });
const url = (address: string, more: object = {}): StreamLocator => ({ kind: 'url', url: address, ...more });
const resolved = (config: ReturnType<typeof source>, locator: StreamLocator) => {
  const resolver = createResolver(config);
  return resolver.resolve(locator, resolver.accounts[0]?.id ?? ('' as AccountId));
};

describe('the proxy of a stream', () => {
  it('is that of its entry, else that of the source', () => {
    const config = source({ proxy: 'socks5h://u:p@one.test:1080' });
    expect(resolved(config, url('http://a.test/1'))).to.deep.include({ proxy: { url: 'socks5h://u:p@one.test:1080' } });
    expect(resolved(config, url('http://a.test/1', { proxy: 'http://two.test' }))).to.deep.include({
      proxy: { url: 'http://two.test' },
    });
    expect(resolved(source(), url('http://a.test/1'))).not.to.have.property('proxy');
  });

  it('is never gone around: what only ffmpeg reads is refused, what ffmpeg would read over HTTP is read by Coax', () => {
    const config = source({ proxy: 'socks5h://one.test:1080', readWith: 'ffmpeg' });
    expect(() => resolved(config, url('rtsp://a.test/1')))
      .to.throw(CoaxError)
      .with.property('code', 'NO_STREAM');
    expect(resolved(config, url('http://a.test/1'))).to.include({ kind: 'http' });
    expect(resolved(config, url('udp://@239.1.1.1:1234'))).to.include({ kind: 'udp' });
  });

  it('gives way to what an admin says, headers and user agent alike', () => {
    const config = source({ proxy: 'http://one.test', cookies: 'a=1', headers: { 'X-One': '1' } });
    const request = resolved(config, url('http://a.test/1', { headers: { referer: 'http://r.test/' } }));
    expect(request).to.have.nested.property('headers.cookie', 'a=1');
    const changed = withOverride(request, { headers: { Cookie: 'b=2', Host: 'evil' }, userAgent: 'Mine', proxy: '' });
    expect(changed).to.deep.include({
      headers: { 'user-agent': 'Mine', 'x-one': '1', cookie: 'b=2', referer: 'http://r.test/' },
    });
    expect(changed).not.to.have.property('proxy');
    expect(withOverride(request, undefined)).to.equal(request);
  });
});

describe('the address of a proxy', () => {
  for (const [text, parsed] of [
    ['http://proxy.test', { kind: 'http', host: 'proxy.test', port: 80, username: '', password: '' }],
    ['HTTP://u:p@proxy.test:3128/', { kind: 'http', host: 'proxy.test', port: 3128, username: 'u', password: 'p' }],
    ['https://proxy.test', { kind: 'https', host: 'proxy.test', port: 443, username: '', password: '' }],
    ['socks://proxy.test', { kind: 'socks5h', host: 'proxy.test', port: 1080, username: '', password: '' }],
    ['socks5://proxy.test:80', { kind: 'socks5', host: 'proxy.test', port: 80, username: '', password: '' }],
    ['socks4a://me@[::1]:9', { kind: 'socks4a', host: '::1', port: 9, username: 'me', password: '' }],
    [
      'socks5h://a%40b:c%2Fd@1.2.3.4:1',
      { kind: 'socks5h', host: '1.2.3.4', port: 1, username: 'a@b', password: 'c/d' },
    ],
    ['ftp://proxy.test', null],
    ['proxy.test:3128', null],
    ['http://', null],
    ['http://proxy.test/path', null],
    ['http://proxy.test:0', null],
    ['http://proxy.test:99999', null],
    ['socks5://u%00:p@proxy.test', null],
    [`socks5://${'u'.repeat(256)}@proxy.test`, null],
  ] as const)
    it(`${text} is ${parsed === null ? 'none' : 'read'}`, () => expect(parseProxy(text)).to.deep.equal(parsed));
});
