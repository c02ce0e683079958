import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { bearerOf, findByToken, isLoopback, sameSecret } from '../../src/http/auth.ts';
import { baseUrlOf } from '../../src/http/base-url.ts';
import { viewerOf } from '../../src/http/viewer.ts';

const request = (headers: Record<string, string>, remoteAddress = '10.0.0.5'): IncomingMessage =>
  ({
    headers,
    socket: { remoteAddress, localAddress: '::ffff:127.0.0.1', localPort: 8730 },
  }) as unknown as IncomingMessage;

describe('tokens', () => {
  it('are found only when they are wholly right', () => {
    const items = [{ token: 'aaaaaaaaaaaaaaaa' }, { token: 'bbbbbbbbbbbbbbbb' }];
    expect(findByToken(items, 'bbbbbbbbbbbbbbbb')).to.equal(items[1]);
    for (const wrong of ['', 'b', 'bbbbbbbbbbbbbbbbb', 'BBBBBBBBBBBBBBBB'])
      expect(findByToken(items, wrong)).to.equal(undefined);
    expect(sameSecret('a', 'a')).to.equal(true);
    expect(sameSecret('a', 'b')).to.equal(false);
  });

  it('are read from the Authorization header', () => {
    expect(bearerOf('Bearer abc')).to.equal('abc');
    expect(bearerOf('bearer  abc')).to.equal('abc');
    for (const header of [undefined, '', 'Basic abc', 'Bearer', 'Bearer a b'])
      expect(bearerOf(header), String(header)).to.equal(undefined);
  });

  it('are not needed for metrics on this machine, unless a proxy passes the request on', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect(isLoopback(address, undefined), address).to.equal(true);
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', undefined])
      expect(isLoopback(address, undefined), String(address)).to.equal(false);
    expect(isLoopback('127.0.0.1', '8.8.8.8')).to.equal(false);
  });
});

describe('the address a client uses', () => {
  for (const [headers, publicUrl, expected] of [
    [{ host: 'tv.lan:8730' }, '', 'http://tv.lan:8730'],
    [{ host: 'TV.lan' }, '', 'http://tv.lan'],
    [{ host: '[fe80::1]:80' }, '', 'http://[fe80::1]:80'],
    [{ host: 'x' }, 'https://tv.example.org/coax/', 'https://tv.example.org/coax'],
    [{ host: 'evil"><script>' }, '', 'http://127.0.0.1:8730'],
    [{ host: 'a b' }, '', 'http://127.0.0.1:8730'],
    [{ host: 'user@host' }, '', 'http://127.0.0.1:8730'],
    [{}, '', 'http://127.0.0.1:8730'],
  ] as const) {
    it(`is ${expected} for ${JSON.stringify(headers)}`, () => {
      expect(baseUrlOf(request({ ...headers }), publicUrl)).to.equal(expected);
    });
  }
});

describe('viewers', () => {
  it('are the same for the same address and player', () => {
    const one = viewerOf(request({ 'user-agent': 'VLC/3' }), {}, 't');
    expect(viewerOf(request({ 'user-agent': 'VLC/3' }), {}, 't').key).to.equal(one.key);
    expect(one.label).to.equal('10.0.0.5 VLC/3');
  });

  it('differ by address, player, token and device', () => {
    const keys = [
      viewerOf(request({ 'user-agent': 'VLC/3' }), {}, 't'),
      viewerOf(request({ 'user-agent': 'mpv' }), {}, 't'),
      viewerOf(request({ 'user-agent': 'VLC/3' }, '10.0.0.6'), {}, 't'),
      viewerOf(request({ 'user-agent': 'VLC/3' }), {}, 'other'),
      viewerOf(request({ 'user-agent': 'VLC/3' }), { device: 'tv' }, 't'),
      viewerOf(request({ 'user-agent': 'VLC/3', 'x-coax-device': 'phone' }), {}, 't'),
    ].map(({ key }) => key);
    expect(new Set(keys).size).to.equal(keys.length);
  });

  it('that name their device are the same from any address', () => {
    const one = viewerOf(request({}), { device: 'tv' }, 't');
    const two = viewerOf(request({}, '10.9.9.9'), { device: 'tv' }, 't');
    expect(two.key).to.equal(one.key);
    expect(two.label).to.equal('tv');
  });
});
