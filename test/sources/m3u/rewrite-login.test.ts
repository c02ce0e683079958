import { expect } from 'chai';
import fc from 'fast-check';
import { withLogin } from '../../../src/sources/m3u/rewrite-login.ts';
import { streamUrl } from '../../../src/sources/xtream/url.ts';
import { nastyLogins } from '../nasty-logins.ts';

const bob = { username: 'bob', password: 'secret1' };
const ann = { username: 'ann@x', password: 'p/w 2' };

describe('another login in a stream address', () => {
  for (const [from, to] of [
    ['http://h/live/bob/secret1/12.ts', 'http://h/live/ann%40x/p%2Fw%202/12.ts'],
    ['http://h/bob/secret1/12', 'http://h/ann%40x/p%2Fw%202/12'],
    ['http://h/sub/movie/bob/secret1/12.mkv?a=1#b', 'http://h/sub/movie/ann%40x/p%2Fw%202/12.mkv?a=1#b'],
    [
      'http://h/timeshift/bob/secret1/60/2026-01-01:10-00/12.ts',
      'http://h/timeshift/ann%40x/p%2Fw%202/60/2026-01-01:10-00/12.ts',
    ],
    [
      'http://h/play?username=bob&password=secret1&stream=1',
      'http://h/play?username=ann%40x&password=p%2Fw%202&stream=1',
    ],
    ['http://h/live/eve/secret1/12.ts', 'http://h/live/eve/secret1/12.ts'],
    ['http://h/one.ts', 'http://h/one.ts'],
    ['http://h/bob/secret1', 'http://h/bob/secret1'],
    ['udp://@239.0.0.1:1234', 'udp://@239.0.0.1:1234'],
  ] as const) {
    it(`makes ${to} of ${from}`, () => {
      expect(withLogin(from, [bob], ann)).to.equal(to);
    });
  }

  it('goes there and back for any login', () => {
    const login = fc.constantFrom(...nastyLogins);
    fc.assert(
      fc.property(login, login, fc.constantFrom('live', 'movie', 'series'), (one, two, type) => {
        const address = streamUrl('http://h.example/sub', one, type, '12', 'ts');
        expect(withLogin(address, [one], two)).to.equal(streamUrl('http://h.example/sub', two, type, '12', 'ts'));
        expect(withLogin(withLogin(address, [one], two), [two], one)).to.equal(address);
      }),
    );
  });
});
