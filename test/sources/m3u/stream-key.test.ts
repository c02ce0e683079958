import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { streamIdentity, streamKey } from '../../../src/sources/m3u/stream-key.ts';
import { readM3u } from '../../../src/text/m3u-reader.ts';

const same: readonly (readonly [why: string, first: string, second: string])[] = [
  ['a new token', 'http://h/a/one.m3u8?token=abc', 'http://h/a/one.m3u8?token=xyz'],
  ['a token that is not there any more', 'http://h/a/one.m3u8?token=abc', 'http://h/a/one.m3u8'],
  [
    'a new signature and expiry',
    'http://h/one.ts?e=1700000000&st=AbC_123&x=1',
    'http://h/one.ts?e=1800000000&st=ZzZ_9&x=1',
  ],
  ['another order of the query', 'http://h/p?ch=1&lang=en', 'http://h/p?lang=en&ch=1'],
  ['https', 'http://h/one.ts', 'https://h/one.ts'],
  ['the port written out', 'http://h:80/one.ts', 'http://h/one.ts'],
  ['another spelling of the host', 'http://H.Example/one.ts', 'http://h.example/one.ts'],
  ['another login before the host', 'http://u:p@h/one.ts', 'http://a:b@h/one.ts'],
  ['another Xtream login', 'http://h:8080/live/u/p/12.ts', 'http://h:8080/live/other/secret/12.ts'],
  ['another Xtream login with odd characters', 'http://h/live/u%40x/p%2F1/12.ts', 'http://h/live/a/b/12.ts'],
  ['another Xtream container', 'http://h/live/u/p/12.ts', 'http://h/live/u/p/12.m3u8'],
  ['an Xtream address without type', 'http://h/bob77/secret1/12', 'http://h/live/x/y/12.ts'],
  ['an Xtream login behind a sub-path', 'http://h/sub/movie/u/p/9.mkv', 'http://h/sub/movie/a/b/9.mkv'],
  ['a fragment', 'http://h/one.ts#a', 'http://h/one.ts'],
  [
    'an expiry and a hash in the path',
    'http://h/s/1700000000/aB3dE6gH9jK2mN5pQ8sT/one.ts',
    'http://h/s/1800000000/zZ3dE6gH9jK2mN5pQ8sT/one.ts',
  ],
  ['a session behind a semicolon', 'http://h/one.ts;jsessionid=AAA', 'http://h/one.ts;jsessionid=BBB'],
  [
    'an unknown parameter with a token in it',
    'http://h/one?ch=5&zz=a1b2c3d4e5f6a7b8c9d0e1f2',
    'http://h/one?ch=5&zz=f1b2c3d4e5f6a7b8c9d0e1f3',
  ],
  ['a moment in an unknown parameter', 'http://h/one?ch=5&zz=1700000000', 'http://h/one?ch=5&zz=1700009999'],
  ['a login as u and p', 'http://h/s?channel=a&u=bob&p=secret1', 'http://h/s?channel=a&u=ann&p=secret2'],
  ['percent-encoding', 'http://h/a%20b.ts', 'http://h/a b.ts'],
];
const different: readonly (readonly [why: string, first: string, second: string])[] = [
  ['another id', 'http://h/live/u/p/12.ts', 'http://h/live/u/p/13.ts'],
  ['another type', 'http://h/live/u/p/12.ts', 'http://h/movie/u/p/12.mkv'],
  ['another host', 'http://h1/live/u/p/12.ts', 'http://h2/live/u/p/12.ts'],
  ['another channel in the query', 'http://h/play?ch=1&token=a', 'http://h/play?ch=2&token=a'],
  [
    'another name in the query, however long',
    'http://h/p?id=550e8400e29b41d4a716446655440000',
    'http://h/p?id=650e8400e29b41d4a716446655440000',
  ],
  ['another folder with the same number', 'http://h/hls/news/101.m3u8', 'http://h/live/sports/101.m3u8'],
  [
    'another long name in the path',
    'http://h/channel/5a4d35dfa5c02e717a234f86/m.m3u8',
    'http://h/channel/6a4d35dfa5c02e717a234f86/m.m3u8',
  ],
  ['another multicast group', 'udp://@239.0.0.1:1234', 'udp://@239.0.0.2:1234'],
  ['another protocol', 'udp://@239.0.0.1:1234', 'rtp://@239.0.0.1:1234'],
  [
    'another folder below one called live',
    'http://h/live/ch-1/one.isml/index.m3u8',
    'http://h/live/ch-2/two.isml/index.m3u8',
  ],
  ['another port', 'http://h:8080/one.ts', 'http://h:8081/one.ts'],
];

describe('the key of a stream', () => {
  for (const [why, first, second] of same) {
    it(`stays the same with ${why}`, () => {
      expect(streamIdentity(second)).to.equal(streamIdentity(first));
      expect(streamKey(second)).to.equal(streamKey(first));
    });
  }

  for (const [why, first, second] of different) {
    it(`changes with ${why}`, () => {
      expect(streamKey(second)).not.to.equal(streamKey(first));
    });
  }

  const segment = fc.stringMatching(/^[a-z][a-z0-9_-]{1,11}$/);
  const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/).map((text) => `Zq${text}9`);

  it('does not depend on the login of an Xtream address, nor hold it', () => {
    const type = fc.constantFrom('live', 'movie', 'series');
    const login = fc.string({ minLength: 6 }).map((text) => encodeURIComponent(`Qx${text.toWellFormed()}`));
    fc.assert(
      fc.property(type, login, login, login, login, fc.nat(), (kind, u1, p1, u2, p2, id) => {
        const address = (u: string, p: string) => `http://panel.example:8080/${kind}/${u}/${p}/${id}.mkv`;
        expect(streamIdentity(address(u1, p1))).to.equal(streamIdentity(address(u2, p2)));
        expect(streamIdentity(address(u1, p1))).not.to.contain(decodeURIComponent(u1));
      }),
    );
  });

  it('does not depend on tokens, wherever they stand in the query, nor hold them', () => {
    const name = fc.constantFrom(
      'token',
      'auth',
      'sig',
      'signature',
      'hash',
      'e',
      'st',
      'expires',
      'wmsAuthSign',
      'password',
      'zz',
    );
    fc.assert(
      fc.property(segment, segment, name, secret, secret, fc.boolean(), (path, channel, key, one, two, first) => {
        fc.pre(key !== 'zz' || (one.length >= 20 && two.length >= 20));
        const address = (value: string) =>
          `http://h.example/${path}/x.m3u8?${first ? `${key}=${value}&ch=${channel}` : `ch=${channel}&${key}=${value}`}`;
        expect(streamIdentity(address(one))).to.equal(streamIdentity(address(two)));
        expect(streamIdentity(address(one))).not.to.contain(one);
        expect(streamIdentity(address(one))).to.contain(`ch=${channel}`);
      }),
    );
  });

  it('tells streams of different paths apart', () => {
    fc.assert(
      fc.property(segment, segment, segment, (folder, one, two) => {
        fc.pre(one !== two);
        const address = (name: string) => `http://h.example/${folder}/${name}.m3u8`;
        expect(streamKey(address(one))).not.to.equal(streamKey(address(two)));
      }),
    );
  });

  it('is there for any text, always short, and never the text itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^https?:[/?&=;:.a-z0-9%]{0,60}$/)),
        (text) => {
          expect(streamKey(text)).to.match(/^[\w-]{22}$/);
        },
      ),
    );
  });

  it('tells the addresses of a real playlist apart (free-tv.m3u8 of the shared data; skipped where that is not)', async function () {
    const shared = process.env['COAX_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
    const file = join(shared, 'data/playlists/free-tv.m3u8');
    if (!existsSync(file)) this.skip();
    const addresses = new Set<string>();
    await readM3u([readFileSync(file)], {
      entries: (entries) => {
        for (const { url } of entries) addresses.add(url);
      },
      reject: () => {},
    });
    expect(addresses.size).to.be.greaterThan(1_000);
    expect(new Set([...addresses].map(streamKey)).size).to.be.at.least(addresses.size * 0.998);
  });
});
