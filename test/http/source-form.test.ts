import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { createSource, patchSource, shownAddress, sourceView } from '../../src/http/admin/source-form.ts';
import { Redactor } from '../../src/log/redactor.ts';
import type { SourceId } from '../../src/model/ids.ts';

const panel = {
  kind: 'xtream',
  name: 'Panel',
  url: 'http://panel.example:8080',
  username: 'us er@x',
  password: 'p+ss/w%rd',
} as const;
const redactor = new Redactor();
const redact = (text: string): string => redactor.text(text);

describe('a source as clients send it', () => {
  it('becomes a configuration with one account', () => {
    const made = createSource({ ...panel, maxConnections: 2 });
    expect(made.accounts).to.have.length(1);
    expect(made.accounts[0]).to.include({ username: 'us er@x', password: 'p+ss/w%rd', maxConnections: 2 });
    expect(made.refreshHours).to.equal(12);
  });

  it('takes more logins beside the first', () => {
    const made = createSource({ ...panel, accounts: [{ username: 'second', password: 'x' }] });
    expect(made.accounts.map(({ username }) => username)).to.deep.equal(['us er@x', 'second']);
    expect(new Set(made.accounts.map(({ id }) => id)).size).to.equal(2);
  });

  it('takes logins from the list alone', () => {
    const { username: _u, password: _p, ...bare } = panel;
    const accounts = [
      { username: 'one', password: 'x', maxConnections: 2 },
      { username: 'two', password: 'y' },
    ];
    const made = createSource({ ...bare, accounts });
    expect(made.accounts.map(({ username, maxConnections }) => [username, maxConnections])).to.deep.equal([
      ['one', 2],
      ['two', null],
    ]);
  });

  for (const [what, body, field] of [
    ['no address', { kind: 'xtream', name: 'n' }, 'url'],
    ['an address that is none', { kind: 'xtream', name: 'n', url: 'not an address' }, 'url'],
    ['a file for a panel', { kind: 'xtream', name: 'n', url: '/etc/hosts' }, 'url'],
    [
      'a header name that is none',
      { kind: 'm3u', name: 'n', url: 'http://h/x', headers: { 'a b': 'c' } },
      'headers.a b',
    ],
    [
      'a header with a line break',
      { kind: 'm3u', name: 'n', url: 'http://h/x', headers: { a: 'b\r\nc: d' } },
      'headers.a',
    ],
  ] as const) {
    it(`is refused with ${what}, naming the field`, () => {
      let error: unknown;
      try {
        createSource(body);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(CoaxError).with.property('code', 'BAD_REQUEST');
      const fields = (error as CoaxError).details?.['fields'] as { field: string }[];
      expect(fields.map((problem) => problem.field)).to.include(field);
    });
  }

  for (const [pasted, base] of [
    ['panel.example:8080', 'http://panel.example:8080'],
    ['http://panel.example:8080/get.php?username=ann&password=s%20t&type=m3u_plus', 'http://panel.example:8080'],
    ['https://ann:s%20t@panel.example/sub/player_api.php', 'https://panel.example/sub'],
  ] as const) {
    it(`understands a pasted ${pasted}`, () => {
      const made = createSource({ kind: 'xtream', name: 'n', url: pasted });
      expect(made.url).to.equal(base);
      const login = pasted.includes('ann') ? { username: 'ann', password: 's t' } : { username: '', password: '' };
      expect(made.accounts[0]).to.include(login);
      const named = createSource({ kind: 'xtream', name: 'n', url: pasted, username: 'bob', password: 'x' });
      expect(named.accounts[0]).to.include({ username: 'bob', password: 'x' });
    });
  }

  it('keeps what a change does not give, secrets included', () => {
    const made = createSource(panel);
    const changed = patchSource(made, { name: 'New', maxConnections: 3 });
    expect(changed).to.deep.equal({ ...made, name: 'New', accounts: [{ ...made.accounts[0], maxConnections: 3 }] });
  });

  it('takes an address that comes back as it was shown for unchanged', () => {
    const made = createSource({ kind: 'm3u', name: 'n', url: 'http://h/get.php?username=bob&password=hunter2' });
    const shown = shownAddress(made.url, redact);
    expect(shown).to.not.include('hunter2');
    expect(patchSource(made, { url: shown, name: 'x' }).url).to.equal(made.url);
  });

  it('is shown without a token that is the whole query', () => {
    expect(shownAddress('http://h.example/list.m3u?5511aaffee', redact)).to.equal('http://h.example/list.m3u?***');
    expect(shownAddress('http://h.example/list.m3u?download&k=v', redact)).to.equal(
      'http://h.example/list.m3u?download=***&k=***',
    );
  });

  it('is shown without anything secret', () => {
    const made = createSource({
      ...panel,
      url: 'http://userone:passone@panel.example/x?token=abcdef',
      headers: { Authorization: 'Bearer zzzz' },
      epgUrl: 'http://h/e?k=secretkey',
    });
    const text = JSON.stringify(
      sourceView(made, { sourceId: made.id as SourceId, parts: [], logins: [] }, null, redact),
    );
    for (const secret of ['us er@x', 'p+ss', 'userone', 'passone', 'abcdef', 'zzzz', 'secretkey'])
      expect(text, secret).to.not.include(secret);
    expect(text).to.include('Authorization');
  });
});
