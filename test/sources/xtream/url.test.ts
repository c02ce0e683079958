import { expect } from 'chai';
import fc from 'fast-check';
import { apiUrl, isGetPhp, parsePanelAddress, streamUrl, xmltvUrl } from '../../../src/sources/xtream/url.ts';
import { nastyLogins } from '../nasty-logins.ts';

describe('the address of a panel', () => {
  const login = { username: 'u', password: 'p' };
  for (const [pasted, base, expectedLogin] of [
    ['http://panel.example:8080', 'http://panel.example:8080', undefined],
    ['http://panel.example:8080/', 'http://panel.example:8080', undefined],
    ['  https://panel.example// ', 'https://panel.example', undefined],
    ['panel.example:8080', 'http://panel.example:8080', undefined],
    ['panel.example', 'http://panel.example', undefined],
    ['//panel.example/sub', 'http://panel.example/sub', undefined],
    ['HTTP://Panel.Example', 'http://panel.example', undefined],
    ['"http://panel.example"', 'http://panel.example', undefined],
    ['http://panel.example/sub/path/', 'http://panel.example/sub/path', undefined],
    ['http://panel.example/player_api.php', 'http://panel.example', undefined],
    ['http://panel.example/sub/player_api.php?username=u&password=p', 'http://panel.example/sub', login],
    ['http://panel.example/get.php?username=u&password=p&type=m3u_plus&output=ts', 'http://panel.example', login],
    ['panel.example:80/get.php?password=p&username=u', 'http://panel.example', login],
    ['http://panel.example/panel_api.php?username=u&password=p', 'http://panel.example', login],
    ['http://panel.example/xmltv.php?username=u&password=p', 'http://panel.example', login],
    ['http://panel.example/?username=u&password=p', 'http://panel.example', login],
    [
      'http://panel.example/get.php?username=u%40x&password=a%2Fb%23c+d',
      'http://panel.example',
      { username: 'u@x', password: 'a/b#c d' },
    ],
    [
      'http://panel.example/get.php?username=u&password=a#b&type=m3u',
      'http://panel.example',
      { username: 'u', password: 'a#b' },
    ],
    [
      'http://panel.example/get.php?username=u&password=50%&type=m3u',
      'http://panel.example',
      { username: 'u', password: '50%' },
    ],
    ['http://panel.example/get.php?username=u', 'http://panel.example', { username: 'u', password: '' }],
    ['http://u:p@panel.example/', 'http://panel.example', login],
    ['http://panel.example/live/u/p/123.ts', 'http://panel.example', login],
    ['http://panel.example/sub/movie/u/p/9.mkv', 'http://panel.example/sub', login],
    ['http://panel.example/series/u/p/9.mkv?x=1', 'http://panel.example', login],
    ['http://[::1]:8080/get.php', 'http://[::1]:8080', undefined],
    ['http://panel.example/c/#top', 'http://panel.example/c', undefined],
  ] as const) {
    it(`is read from ${pasted.trim()}`, () => {
      expect(parsePanelAddress(pasted)).to.deep.equal(
        expectedLogin === undefined ? { base } : { base, login: expectedLogin },
      );
    });
  }

  for (const pasted of ['', 'ftp://panel.example', 'http://', 'http:// /x', 'http://a b/', 'rtsp://x']) {
    it(`is not read from ${JSON.stringify(pasted)}`, () => {
      expect(parsePanelAddress(pasted)).to.equal(undefined);
    });
  }

  it('never throws, and what it gives is an address without a login, a query or a slash at its end', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(?:https?:..)?[/?&=;:.@#a-z0-9% +]{0,40}$/)), (text) => {
        const found = parsePanelAddress(text);
        if (found === undefined) return;
        const url = new URL(found.base);
        expect([url.username, url.password, url.search, url.hash]).to.deep.equal(['', '', '', '']);
        expect(found.base.endsWith('/')).to.equal(false);
        expect(parsePanelAddress(found.base)?.base).to.equal(found.base);
      }),
    );
  });

  for (const nasty of nastyLogins) {
    it(`gives back the login ${JSON.stringify(nasty)} from each address built with it`, () => {
      const base = 'http://panel.example:8080/sub';
      const query = new URL(apiUrl(base, nasty, 'get_live_streams', { category_id: '1&2' })).searchParams;
      expect(query.get('username')).to.equal(nasty.username);
      expect(query.get('password')).to.equal(nasty.password);
      expect([...query.keys()]).to.deep.equal(['username', 'password', 'action', 'category_id']);
      expect(query.get('category_id')).to.equal('1&2');
      expect(parsePanelAddress(apiUrl(base, nasty))).to.deep.equal({ base, login: nasty });
      expect(parsePanelAddress(xmltvUrl(base, nasty))).to.deep.equal({ base, login: nasty });
      const stream = new URL(streamUrl(base, nasty, 'live', '12', 'ts'));
      expect(stream.pathname.split('/').map(decodeURIComponent)).to.deep.equal([
        '',
        'sub',
        'live',
        nasty.username,
        nasty.password,
        '12.ts',
      ]);
      expect([stream.search, stream.hash]).to.deep.equal(['', '']);
    });
  }

  for (const [type, id, ext, path] of [
    ['live', '12', 'ts', '/live/u/p/12.ts'],
    ['live', '12', 'm3u8', '/live/u/p/12.m3u8'],
    ['live', '12', '', '/live/u/p/12'],
    ['movie', '9', 'mkv', '/movie/u/p/9.mkv'],
    ['series', '7', 'mp4', '/series/u/p/7.mp4'],
    ['live', '../x?y', 'ts', '/live/u/p/..%2Fx%3Fy.ts'],
  ] as const) {
    it(`of ${type} ${id} is ${path}`, () => {
      expect(streamUrl('http://h', login, type, id, ext)).to.equal(`http://h${path}`);
    });
  }

  it('tells a panel playlist from others', () => {
    expect(
      [
        'http://h/get.php?username=u&password=p',
        'http://h/sub/get.php?username=u&password=p&type=m3u_plus',
        'http://h/get.php',
        'http://h/list.m3u?username=u',
        '/home/x/get.php?username=u',
      ].map(isGetPhp),
    ).to.deep.equal([true, true, false, false, false]);
  });
});
