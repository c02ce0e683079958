import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { programmeAt } from '../support/fake-provider/guide-text.ts';
import { programNumberOf } from '../support/fake-provider/live-loop.ts';
import type { ApiMode } from '../support/fake-provider/settings.ts';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings } from '../support/rig.ts';
import { type FakeProvider, startFakeProvider } from '../support/start-fake-provider.ts';

const shared = join(process.env['COAX_SHARED'] ?? join(import.meta.dirname, '../../../shared'), 'data');

/** What players read: names by id, and the tag of the playlist. */
async function published(engine: Engine): Promise<Record<string, unknown>> {
  const { token } = await engine.output();
  const answer = await fetch(`${engine.url}/o/${token}/playlist.m3u`, { method: 'HEAD' });
  const channels = await engine.channels();
  return { names: Object.fromEntries(channels.map(({ id, name }) => [id, name])), tag: answer.headers.get('etag') };
}

describe('the import of a playlist', function () {
  this.timeout(60_000);
  let folder = '';
  let provider: FakeProvider;
  let engine: Engine;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coax-m3u-'));
    provider = await startFakeProvider({ catalog: { channels: 30 } });
    engine = await startEngine({ demo: false, settings: quickSettings });
  });
  after(async () => {
    for (const one of [engine, provider]) await one?.[Symbol.asyncDispose]();
    if (folder !== '') rmSync(folder, { recursive: true });
  });
  beforeEach(async () => provider.set({ api: { byAction: { get: 'normal', xmltv: 'normal', login: 'normal' } } }));

  const login = () =>
    new URLSearchParams({ username: provider.login.username, password: provider.login.password }).toString();
  const remove = async (id: string) => {
    expect((await engine.api('DELETE', `/sources/${id}`)).status).to.equal(204);
    expect(await engine.channels()).to.deep.equal([]);
  };
  const guideOf = async () => (await fetch((await engine.output()).urls.xmltv)).text();
  const now = () => programmeAt(1, Math.floor(Date.now() / 3_600_000) * 3600).title;

  describe('of a panel, by its address', () => {
    let id = '';
    before(async () => {
      id = await engine.addSource({
        kind: 'm3u',
        name: 'List',
        url: `${provider.url}/get.php?${login()}&type=m3u_plus`,
      });
    });
    after(async () => remove(id));

    it('counts what the provider counts, with the guide that the playlist names', async () => {
      const job = await engine.refresh(id);
      expect(job).to.deep.include({ state: 'succeeded', problems: [], rejectCount: 0 });
      expect(job.counts.channels).to.equal((await provider.counts()).channels);
      expect(await engine.channels()).to.have.length(30);
      expect(await guideOf()).to.contain(now());
    });

    it('plays, and twice changes nothing', async () => {
      const before = await published(engine);
      await engine.refresh(id);
      expect(await published(engine)).to.deep.equal(before);
      using client = await RawClient.send(await engine.liveUrl('Channel 7'));
      expect(programNumberOf(await client.read(188 * 20))).to.equal(7);
    });

    it('keeps ids when entries get other addresses and another order', async () => {
      const before = await published(engine);
      await provider.set({ catalog: { idOffset: 500, reversed: true } });
      const job = await engine.refresh(id);
      await provider.set({ catalog: { idOffset: 0, reversed: false } });
      expect(job.state).to.equal('succeeded');
      expect((await published(engine))['names']).to.deep.equal(before['names']);
      await engine.refresh(id);
    });

    it('loses only the entries that are broken', async () => {
      await provider.set({ catalog: { quirks: true } });
      const job = await engine.refresh(id);
      await provider.set({ catalog: { quirks: false } });
      expect(job.counts.channels).to.equal(30);
      expect(job.rejectCount).to.equal(15);
    });

    for (const mode of [
      'empty',
      'html',
      'truncated',
      '403',
      'user_info',
      'null',
    ] as const satisfies readonly ApiMode[]) {
      it(`keeps what was good when the playlist is ${mode}, and says so`, async () => {
        const before = await published(engine);
        await provider.set({ api: { byAction: { get: mode, xmltv: 'html' } } });
        const job = await engine.refresh(id);
        expect(job.state).to.equal('failed');
        expect(JSON.stringify([job.error, job.problems])).to.match(/"SOURCE_/);
        const { body } = await engine.api<{ state: { parts: { part: string; error: unknown }[] } }>(
          'GET',
          `/sources/${id}`,
        );
        expect(body.state.parts.find(({ part }) => part === 'live')?.error).to.have.property('code');
        expect(await published(engine)).to.deep.equal(before);
      });
    }

    it('is read with a byte order mark', async () => {
      await provider.set({ api: { byAction: { get: 'bom' } } });
      expect(await engine.refresh(id)).to.deep.include({ state: 'succeeded', problems: [], rejectCount: 0 });
    });
  });

  for (const packed of ['gzip', 'encoding'] as const) {
    it(`reads a packed file of this machine, and the packed guide it names (${packed})`, async () => {
      await provider.set({ guide: { packed } });
      const path = join(folder, `list-${packed}`);
      const entries = [1, 2, 3].map(
        (number) => `#EXTINF:-1 tvg-id="ch${number}.test",Channel ${number}\r\n${provider.liveUrl(number)}\r\n`,
      );
      const text = `\ufeff#EXTM3U x-tvg-url="${provider.url}/xmltv.php?${login()}"\r\n${entries.join('')}`;
      writeFileSync(path, gzipSync(text));
      const id = await engine.addSource({ kind: 'm3u', name: 'File', url: path });
      expect((await engine.channels()).map(({ name }) => name)).to.have.members([
        'Channel 1',
        'Channel 2',
        'Channel 3',
      ]);
      const guide = await guideOf();
      expect(guide).to.contain(now());
      expect([...guide.matchAll(/<channel /g)]).to.have.length(3);
      await provider.set({ guide: { packed: 'no' } });
      await remove(id);
    });
  }

  it(`takes a real playlist whole${existsSync(shared) ? '' : ' (skipped: there is no shared data)'}`, async function () {
    if (!existsSync(shared)) this.skip();
    const text = readFileSync(join(shared, 'playlists', 'free-tv.m3u8'), 'utf8');
    const expected = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')).length;
    // The guides it names are outside of this machine: a network that swallows packets would hold the job for minutes.
    const path = join(folder, 'free-tv.m3u8');
    writeFileSync(path, text.replace(/^#EXTM3U.*/, '#EXTM3U'));
    const id = await engine.addSource({ kind: 'm3u', name: 'Real', url: path });
    const job = await engine.refresh(id);
    const total = async (what: string) => (await engine.api<{ total: number }>('GET', `/${what}?limit=1`)).body.total;
    expect((await total('channels')) + (await total('movies')) + job.rejectCount).to.be.within(expected - 20, expected);
    expect(await total('channels')).to.be.greaterThan(1900);
    const before = await published(engine);
    await engine.refresh(id);
    expect(await published(engine)).to.deep.equal(before);
    await remove(id);
  });

  const guides = existsSync(shared) ? readdirSync(join(shared, 'guides')) : [];
  it(`takes real guides whole${guides.length > 0 ? '' : ' (skipped: there is no shared data)'}`, async function () {
    if (guides.length === 0) this.skip();
    for (const name of guides) {
      const text = gunzipSync(readFileSync(join(shared, 'guides', name))).toString('utf8');
      const stamps = [...text.matchAll(/ start="(\d{8})/g)].map((match) => match[1] ?? '').sort();
      const first = stamps[0] ?? '';
      const from = Date.UTC(Number(first.slice(0, 4)), Number(first.slice(4, 6)) - 1, Number(first.slice(6, 8)));
      const days = Math.floor((Date.now() - from) / 86_400_000);
      // The same guide, as if it had been made today.
      const moved = text.replace(
        / (start|stop)="(\d{4})(\d\d)(\d\d)/g,
        (_all, key: string, y: string, m: string, d: string) => {
          const day = new Date(Date.UTC(Number(y), Number(m) - 1, Number(d) + days)).toISOString().slice(0, 10);
          return ` ${key}="${day.replaceAll('-', '')}`;
        },
      );
      const ids = [...new Set([...moved.matchAll(/<channel id="([^"]*)"/g)].map((match) => match[1] ?? ''))];
      const guide = join(folder, basename(name));
      writeFileSync(guide, gzipSync(moved, { level: 1 }));
      const list = join(folder, 'real.m3u');
      const plain = (text_: string) => text_.replaceAll('&amp;', '&');
      writeFileSync(
        list,
        `#EXTM3U\n${ids.map((one, n) => `#EXTINF:-1 tvg-id="${plain(one)}",Real ${n}\nhttp://127.0.0.1:9/${n}.ts\n`).join('')}`,
      );
      const id = await engine.addSource({ kind: 'm3u', name, url: list, epgUrl: guide });
      const job = await engine.refresh(id);
      const starts = new Set(
        [...moved.matchAll(/<programme [^>]*>/g)].map(([tag]) => {
          const value = (key: string) => new RegExp(`${key}="([^"]*)"`).exec(tag)?.[1] ?? '';
          return `${value('channel')} ${value('start')}`;
        }),
      );
      expect(job.counts.channels, name).to.equal(ids.length);
      expect(job.counts.programmes, name).to.be.within(starts.size * 0.95, starts.size);
      await remove(id);
    }
  });
});
