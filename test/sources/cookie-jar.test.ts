import { expect } from 'chai';
import * as fc from 'fast-check';
import { SessionCookies } from '../../src/sources/cookie-jar.ts';

/** Headers come as bytes. */
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const at = (address: string): URL => new URL(address);

describe('the cookies of a session', () => {
  it('go where cookies go: by domain, path and security, and not after they have expired', () => {
    const cookies = new SessionCookies(undefined, ['tv.example.com']);
    cookies.take(
      [
        'all=1; Domain=example.com; Path=/',
        'own=2; Path=/',
        'deep=3; Path=/hls',
        'safe=4; Path=/; Secure',
        'old=5; Max-Age=0',
      ],
      at('https://tv.example.com/live/1'),
    );
    expect(cookies.headerFor(at('https://tv.example.com/hls/1.ts'))?.split('; ').sort()).to.deep.equal([
      'all=1',
      'deep=3',
      'own=2',
      'safe=4',
    ]);
    expect(cookies.headerFor(at('http://tv.example.com/'))?.split('; ').sort()).to.deep.equal(['all=1', 'own=2']);
    expect(cookies.headerFor(at('http://cdn.example.com/'))).to.equal('all=1');
    expect(cookies.headerFor(at('http://other.test/'))).to.equal(undefined);
  });

  it('are not taken for other sites or whole top-level domains', () => {
    const cookies = new SessionCookies(undefined, ['tv.example.com']);
    cookies.take(
      ['a=1; Domain=com', 'b=2; Domain=bank.example.org', 'c=3; Domain=co.uk'],
      at('http://tv.example.com/'),
    );
    for (const url of ['http://tv.example.com/', 'http://bank.example.org/', 'http://x.com/'])
      expect(cookies.headerFor(at(url))).to.equal(undefined);
  });

  it('that were given go to the whole site of the source, and to no other', () => {
    const cookies = new SessionCookies('a=1;b = 2; c', ['tv.example.com', '10.0.0.1']);
    expect(cookies.headerFor(at('http://cdn.example.com/'))).to.equal('a=1; b=2; c');
    expect(cookies.headerFor(at('http://10.0.0.1:8080/'))).to.equal('a=1; b=2; c');
    expect(cookies.headerFor(at('http://10.0.0.2/'))).to.equal(undefined);
    expect(cookies.headerFor(at('http://example.org/'))).to.equal(undefined);
  });

  it('are bounded in number and length', () => {
    const cookies = new SessionCookies(undefined, ['a.test']);
    for (let answer = 0; answer < 100; answer++)
      cookies.take(
        Array.from({ length: 100 }, (_, n) => `c${answer}-${n}=1; Path=/`),
        at('http://a.test/'),
      );
    cookies.take([`long=${'x'.repeat(10_000)}`], at('http://a.test/'));
    expect(cookies.headerFor(at('http://a.test/'))?.split('; ')).to.have.length(200);
  });

  it('never throw, never break a header, and never cross to another site, whatever servers send', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: byte, maxLength: 60 }), { maxLength: 5 }), (lines) => {
        const cookies = new SessionCookies(undefined, ['a.test']);
        cookies.take(lines, at('http://a.test/'));
        expect(cookies.headerFor(at('http://b.test/'))).to.equal(undefined);
        expect(cookies.headerFor(at('http://a.test/')) ?? '').not.to.match(/[\r\n]/);
      }),
      { numRuns: 60 },
    );
  });
});
