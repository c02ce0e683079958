import { expect } from 'chai';
import { sourceSchema } from '../../src/config/source-schema.ts';
import { accountsOf } from '../../src/sources/accounts-of.ts';
import { knownLogins } from '../../src/sources/source-directory.ts';

const source = (kind: string, url: string, accounts: readonly object[] = [], more: object = {}) =>
  sourceSchema.parse({ id: 's1', kind, name: 'Home', url, accounts, ...more });
const bob = { id: 'a1', username: 'bob', password: 'secret1' };

describe('the accounts of a source', () => {
  for (const [why, kind, url, configured, known, limit] of [
    ['the configured limit', 'xtream', 'http://h', 3, 1, 3],
    ['no limit when 0 is configured', 'xtream', 'http://h', 0, 1, null],
    ["the provider's limit", 'xtream', 'http://h', null, 2, 2],
    ['no limit when the provider says 0', 'xtream', 'http://h', null, 0, null],
    ['one connection when nobody knows', 'xtream', 'http://h', null, undefined, 1],
    ['no limit for a plain playlist', 'm3u', 'http://h/list.m3u', null, undefined, null],
    ['the configured limit for a plain playlist', 'm3u', 'http://h/list.m3u', 2, undefined, 2],
    [
      'one connection for the playlist of a panel',
      'm3u',
      'http://h/get.php?username=bob&password=x',
      null,
      undefined,
      1,
    ],
    ["the provider's limit for the playlist of a panel", 'm3u', 'http://h/get.php?username=bob&password=x', null, 4, 4],
  ] as const) {
    it(`have ${why}`, () => {
      const config = source(kind, url, [{ ...bob, maxConnections: configured }]);
      const told = known === undefined ? {} : { maxConnections: { a1: known } };
      expect(accountsOf(config, told).map((account) => account.limit)).to.deep.equal([limit]);
    });
  }

  const keyOf = (...input: Parameters<typeof source>): string => accountsOf(source(...input))[0]?.loginKey ?? '';

  it('share a key when host, port and user name are the same, whatever the source', () => {
    const key = keyOf('xtream', 'http://panel.example', [bob]);
    expect(keyOf('xtream', 'http://PANEL.example:80/player_api.php', [{ ...bob, id: 'x', password: 'new' }])).to.equal(
      key,
    );
    expect(keyOf('m3u', 'http://panel.example/get.php?username=bob&password=y')).to.equal(key);
    expect(keyOf('m3u', 'http://panel.example/list.m3u', [bob])).to.equal(key);
  });

  it('have keys of their own otherwise', () => {
    const keys = [
      keyOf('xtream', 'http://panel.example', [bob]),
      keyOf('xtream', 'http://panel.example:8080', [bob]),
      keyOf('xtream', 'http://other.example', [bob]),
      keyOf('xtream', 'http://panel.example', [{ ...bob, username: 'ann' }]),
      keyOf('m3u', 'http://panel.example/list.m3u'),
      keyOf('m3u', 'http://panel.example/list.m3u', [], { id: 's2' }),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
  });

  it('show no user name, neither in the key nor in the label', () => {
    const config = source('xtream', 'http://panel.example', [bob, { ...bob, id: 'a2', username: 'ann' }]);
    const accounts = accountsOf(config);
    expect(accounts.map(({ id, label }) => [id, label])).to.deep.equal([
      ['a1', 'Home'],
      ['a2', 'Home #2'],
    ]);
    expect(JSON.stringify(accounts)).not.to.match(/bob|ann|secret1/);
  });

  it('are one where the configuration names none', () => {
    expect(accountsOf(source('m3u', '/lists/a.m3u')).map(({ id, limit }) => [id, limit])).to.deep.equal([
      ['s1:0', null],
    ]);
  });

  it('learn their limit from the login reports, also where the login stands in the address', () => {
    const config = source('m3u', 'http://h/get.php?username=bob&password=x');
    const known = knownLogins(config, [{ ok: true, message: '', maxConnections: 4, formats: ['ts'] }]);
    expect(known.formats).to.deep.equal(['ts']);
    expect(accountsOf(config, known).map(({ limit }) => limit)).to.deep.equal([4]);
  });
});
