import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { configReference } from '../../src/config/reference.ts';
import { configSchema } from '../../src/config/schema.ts';
import { secretsOfAddress, secretsOfSource } from '../../src/config/secrets.ts';
import { ConfigStore, parseConfig } from '../../src/config/store.ts';
import { CoaxError } from '../../src/errors.ts';

describe('ConfigStore', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('starts with the demo source and one output, in a file only its owner can read', async () => {
    const store = await ConfigStore.open(folder);
    expect(store.current.sources.map(({ kind }) => kind)).to.deep.equal(['demo']);
    expect(store.current.outputs).to.have.length(1);
    expect((await stat(join(folder, 'config.json'))).mode & 0o777).to.equal(0o600);
  });

  it('keeps what was changed, and leaves no temporary file', async () => {
    const store = await ConfigStore.open(folder);
    await store.update((draft) => {
      draft.settings.live.lingerMs = 1234;
    });
    expect((await ConfigStore.open(folder)).current.settings.live.lingerMs).to.equal(1234);
    expect(await readdir(folder)).to.deep.equal(['config.json']);
  });

  it('refuses a change that is not valid and keeps the old document', async () => {
    const store = await ConfigStore.open(folder);
    const before = await readFile(join(folder, 'config.json'), 'utf8');
    const error = await store
      .update((draft) => {
        draft.settings.live.lingerMs = -1;
      })
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(error).to.be.instanceOf(CoaxError).with.property('code', 'CONFIG_INVALID');
    expect(await readFile(join(folder, 'config.json'), 'utf8')).to.equal(before);
    expect(store.current.settings.live.lingerMs).to.equal(5000);
  });

  const source = { id: 's', kind: 'm3u', name: 'S' };
  for (const timeZone of ['', 'Europe/Berlin', 'UTC', '+02:00', 'UTC-03:30', 'GMT+1', '-0500', '+14:00']) {
    it(`takes the time zone ${JSON.stringify(timeZone)}`, () => {
      expect(configSchema.parse({ sources: [{ ...source, timeZone }] }).sources[0]?.timeZone).to.equal(timeZone);
    });
  }
  for (const timeZone of ['Europe/Berlln', 'CET+', '+15:00', '+02:75', 'UTC+99', 'x']) {
    it(`refuses the time zone ${timeZone}`, () => {
      const { error } = configSchema.safeParse({ sources: [{ ...source, timeZone }] });
      expect(error?.issues.map(({ message }) => message).join()).to.include('is no time zone');
    });
  }

  it('refuses a user agent with a line break', () => {
    const { error } = configSchema.safeParse({ sources: [{ ...source, userAgent: 'VLC\r\nX: y' }] });
    expect(error?.issues.map(({ message }) => message)).to.deep.equal(['must not contain line breaks']);
  });

  it('applies changes that come at the same time one after the other', async () => {
    const store = await ConfigStore.open(folder);
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        store.update((draft) => {
          draft.settings.live.lingerMs += n;
        }),
      ),
    );
    expect(store.current.settings.live.lingerMs).to.equal(5015);
  });

  it('tells its listeners what is in force', async () => {
    const store = await ConfigStore.open(folder);
    const seen: number[] = [];
    store.onChange((config, before) => seen.push(before.settings.live.lingerMs, config.settings.live.lingerMs));
    await store.update((draft) => {
      draft.settings.live.lingerMs = 7;
    });
    expect(seen).to.deep.equal([5000, 7]);
  });

  it('takes a change over although a listener fails, and tells of it', async () => {
    const store = await ConfigStore.open(folder);
    const errors: unknown[] = [];
    const seen: number[] = [];
    store.onListenerError = (error) => errors.push(error);
    store.onChange(() => {
      throw new Error('listener');
    });
    store.onChange((config) => seen.push(config.settings.live.lingerMs));
    await store.update((draft) => {
      draft.settings.live.lingerMs = 8;
    });
    expect(errors).to.have.length(1);
    expect(seen).to.deep.equal([8]);
    expect((await ConfigStore.open(folder)).current.settings.live.lingerMs).to.equal(8);
  });

  for (const [what, text, field] of [
    ['no JSON', '{"sources": [', ''],
    ['an unknown key', '{"settings":{"liev":{}}}', 'settings.liev'],
    ['a wrong type', '{"settings":{"live":{"lingerMs":"soon"}}}', 'settings.live.lingerMs'],
    ['an unknown kind', '{"sources":[{"id":"a","kind":"x","name":"n"}]}', 'sources.0.kind'],
    ['a bad address', '{"sources":[{"id":"a","kind":"m3u","name":"n","url":"nonsense"}]}', 'sources.0.url'],
    ['a missing name', '{"sources":[{"id":"a","kind":"m3u"}]}', 'sources.0.name'],
  ] as const) {
    it(`names the field of a document with ${what}`, () => {
      let error: unknown;
      try {
        parseConfig(text);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(CoaxError);
      const fields = ((error as CoaxError).details?.['fields'] ?? []) as { field: string }[];
      expect(fields.map((problem) => problem.field)).to.deep.equal(field === '' ? [] : [field]);
    });
  }

  it('refuses two sources with one id', () => {
    const source = { id: 'a', kind: 'demo', name: 'n' };
    expect(() => parseConfig(JSON.stringify({ sources: [source, source] }))).to.throw(CoaxError);
  });

  it('says so when the file can not be read', async function () {
    if (process.getuid?.() === 0)
      await rm(join(folder, 'config.json'), { force: true }).then(() => writeFile(join(folder, 'config.json'), '\0'));
    else {
      await writeFile(join(folder, 'config.json'), '{}');
      await chmod(join(folder, 'config.json'), 0);
    }
    const error = await ConfigStore.open(folder).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CoaxError);
  });
});

describe('the configuration schema', () => {
  it('describes every key', () => {
    const without = configReference()
      .split('\n')
      .filter((row) => row.startsWith('| `') && /\|\s*\|$/.test(row) && !row.startsWith('| `version`'));
    expect(without).to.deep.equal([]);
  });

  it('has a default for every setting', () => {
    expect(configSchema.parse({}).settings.live.backlogMs).to.equal(5000);
  });
});

describe('secretsOfAddress', () => {
  for (const [address, secret, shown] of [
    ['http://h/path-token-5511aaff/get.php?type=m3u_plus', ['path-token-5511aaff'], []],
    ['http://us%er:pw%zz@h/a', ['us%er', 'pw%zz'], ['a']],
    ['http://h/live/u82ksl/p9sdf8/playlist.m3u8', ['u82ksl', 'p9sdf8'], ['live', 'playlist.m3u8']],
    ['http://h/epg/guide_uk.xml.gz', [], ['epg', 'guide_uk.xml.gz']],
    ['http://h/list?5511aaffee', ['5511aaffee'], ['list']],
    ['http://h/list?download', [], ['download']],
    ['nonsense', [], []],
  ] as const) {
    it(`finds what is secret in ${address}`, () => {
      expect(secretsOfAddress(address)).to.include.members([...secret]);
      for (const plain of shown) expect(secretsOfAddress(address)).to.not.include(plain);
    });
  }
});

describe('secretsOfSource', () => {
  it('finds logins, tokens of addresses and secret headers', () => {
    const source = configSchema.parse({
      sources: [
        {
          id: 'a',
          kind: 'xtream',
          name: 'n',
          url: 'http://bob:hunter2@host/get.php?username=ann&password=s3cret&type=m3u_plus',
          accounts: [{ id: 'x', username: 'carl', password: 'p w' }],
          headers: { Authorization: 'Bearer abc.def', 'X-Plain': 'no' },
        },
      ],
    }).sources[0]!;
    expect(secretsOfSource(source)).to.include.members(['bob', 'hunter2', 'ann', 's3cret', 'carl', 'p w', 'abc.def']);
    expect(secretsOfSource(source)).to.not.include('no');
    expect(secretsOfSource(source)).to.not.include('m3u_plus');
  });
});
