import { expect } from 'chai';
import type { Engine, EngineJob } from '../support/engine.ts';
import { programmeAt } from '../support/fake-provider/guide-text.ts';
import { programNumberOf } from '../support/fake-provider/live-loop.ts';
import { type ApiMode, hardLogin } from '../support/fake-provider/settings.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Page {
  readonly items: readonly { readonly id: string; readonly name?: string; readonly title?: string }[];
  readonly total: number;
}

const actions = ['login', 'get_live_streams', 'get_vod_streams', 'get_series', 'xmltv'] as const;
const every = (mode: ApiMode) => Object.fromEntries(actions.map((action) => [action, mode]));
const catalog = { channels: 40, movies: 12, series: 3, groups: 1 };

/** What players can read of the engine: names by id, and the tags of the published files. */
async function published(engine: Engine): Promise<Record<string, unknown>> {
  const { token } = await engine.output();
  const tag = async (file: string) => {
    const answer = await fetch(`${engine.url}/o/${token}/${file}`, { method: 'HEAD' });
    return answer.headers.get('etag');
  };
  const ids = async (path: string) =>
    Object.fromEntries(
      (await engine.api<Page>('GET', `${path}?limit=1000`)).body.items.map((item) => [
        item.id,
        item.name ?? item.title,
      ]),
    );
  return {
    channels: await ids('/channels'),
    movies: await ids('/movies'),
    series: await ids('/series'),
    playlist: await tag('playlist.m3u'),
    moviesList: await tag('movies.m3u'),
    guide: await tag('guide.xml'),
  };
}

describe('the import of an Xtream source', function () {
  this.timeout(60_000);
  let rig: Rig;
  let engine: Engine;
  let id = '';
  let first: Record<string, unknown>;
  const told: EngineJob[] = [];

  const problemsOf = async () => {
    const { body } = await engine.api<{ state: { parts: { part: string; error: { code: string } | null }[] } }>(
      'GET',
      `/sources/${id}`,
    );
    return Object.fromEntries(body.state.parts.map(({ part, error }) => [part, error?.code ?? null]));
  };

  before(async () => {
    rig = await startRig({ provider: { logins: [{ ...hardLogin, maxConnections: 1 }], catalog } });
    engine = rig.engine;
    id = rig.sourceId;
    const events = await fetch(`${engine.url}/api/v1/events`, { headers: { authorization: `Bearer ${engine.token}` } });
    void (async () => {
      let text = '';
      for await (const chunk of events.body ?? []) {
        text += Buffer.from(chunk).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) told.push(JSON.parse(data) as EngineJob);
        }
      }
    })().catch(() => undefined);
    first = await published(engine);
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await rig.provider.set({ api: { byAction: every('normal'), delayMs: 0 }, catalog: { quirks: false, omit: 0 } });
    await rig.provider.reset();
  });

  it('counts what the provider counts', async () => {
    const job = await engine.refresh(id);
    expect(job).to.deep.include({ state: 'succeeded', problems: [], error: null, rejectCount: 0 });
    const { programmes, ...counts } = job.counts;
    expect(counts).to.deep.equal(await rig.provider.counts());
    expect(programmes).to.be.within(40 * 60, 40 * 75);
    for (const [path, total] of Object.entries(await rig.provider.counts()))
      expect((await engine.api<Page>('GET', `/${path}?limit=1`)).body.total, path).to.equal(total);
  });

  it('tells how far it is', async () => {
    await rig.provider.set({ api: { delayMs: 150 } });
    const job = await engine.refresh(id);
    const states = told.filter((one) => one.id === job.id).map((one) => one.state);
    expect(states).to.include.members(['running', 'succeeded']);
    const stages = new Set(told.filter((one) => one.id === job.id).map((one) => one.progress.stage));
    expect(stages.size, [...stages].join()).to.be.greaterThan(2);
  });

  it('puts the guide of each channel into the output', async () => {
    const { urls } = await engine.output();
    const guide = await (await fetch(urls.xmltv)).text();
    expect([...guide.matchAll(/<channel /g)]).to.have.length(40);
    const start = Math.floor(Date.now() / 3_600_000) * 3600;
    const { title } = programmeAt(6, start);
    const stamp = new Date(start * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
    expect(guide).to.match(new RegExp(`<programme start="${stamp} \\+0000"[^>]*>\\s*<title[^>]*>${title}</title>`));
  });

  it('reads episodes when they are asked for, once', async () => {
    const { body } = await engine.api<Page>('GET', '/series');
    const asked = async () =>
      (await rig.provider.state()).requests.filter(({ url }) => url.includes('get_series_info')).length;
    expect(await asked()).to.equal(0);
    for (let round = 0; round < 2; round += 1) {
      const episodes = await engine.api<Page>('GET', `/series/${body.items[1]?.id}/episodes`);
      expect(episodes.body.items.map((item) => item.title)[4]).to.equal('Series 2 S2E2');
      expect(episodes.body.total).to.equal(6);
      expect(await asked()).to.equal(1);
    }
  });

  it('twice changes nothing: ids and tags stay', async () => {
    const before = await published(engine);
    expect((await engine.refresh(id)).state).to.equal('succeeded');
    // Programmes begin on the hour: at its turn the guide is another one.
    const { guide: _guide, ...after } = await published(engine);
    const { guide: _before, ...rest } = before;
    expect(after).to.deep.equal(rest);
    expect([after['channels'], after['movies'], after['series']]).to.deep.equal([
      first['channels'],
      first['movies'],
      first['series'],
    ]);
    const minutes = new Date().getMinutes();
    if (minutes > 0 && minutes < 59) expect((await published(engine))['guide']).to.equal(before['guide']);
  });

  it('keeps ids when the provider renumbers and reorders, and plays by the new numbers', async () => {
    await rig.provider.set({ catalog: { idOffset: 100, reversed: true } });
    try {
      expect((await engine.refresh(id)).state).to.equal('succeeded');
      const { channels, movies, series } = await published(engine);
      expect({ channels, movies, series }).to.deep.equal({
        channels: first['channels'],
        movies: first['movies'],
        series: first['series'],
      });
      using client = await rig.watch(5);
      expect(programNumberOf(await client.read(188 * 20))).to.equal(5);
      client.close();
      await rig.expectHeld();
    } finally {
      await rig.provider.set({ catalog: { idOffset: 0, reversed: false } });
      await engine.refresh(id);
    }
  });

  it('takes entries of the wrong kind one by one', async () => {
    await rig.provider.set({ catalog: { quirks: true } });
    const job = await engine.refresh(id);
    const counts = await rig.provider.counts();
    expect(counts.channels).to.be.lessThan(40);
    expect(job).to.deep.include({ state: 'succeeded', problems: [] });
    expect(job.counts.channels).to.equal(counts.channels);
    expect(job.rejectCount).to.be.at.least(40 - counts.channels);
    await rig.provider.set({ catalog: { quirks: false } });
    await engine.refresh(id);
    expect((await published(engine))['channels']).to.deep.equal(first['channels']);
  });

  for (const mode of ['bom', 'notice'] as const) {
    it(`is not disturbed by a ${mode} in front of the data`, async () => {
      await rig.provider.set({ api: { byAction: { ...every(mode), xmltv: 'normal' } } });
      const job = await engine.refresh(id);
      expect(job).to.deep.include({ state: 'succeeded', problems: [] });
      expect(job.counts.channels).to.equal(40);
    });
  }

  for (const [live, vod, series, guide] of [
    ['html', 'user_info', 'false', 'html'],
    ['null', 'empty', 'empty-object', 'empty'],
    ['empty-list', 'blocked', '404', 'blocked'],
    ['403', 'html', '401', '404'],
  ] as const) {
    it(`keeps what was good when the lists are ${live}, ${vod}, ${series} and the guide ${guide}, and says so`, async () => {
      const before = await published(engine);
      const byAction = { get_live_streams: live, get_vod_streams: vod, get_series: series, xmltv: guide };
      await rig.provider.set({ api: { byAction } });
      const job = await engine.refresh(id);
      expect(job.state).to.equal('failed');
      const problems = await problemsOf();
      for (const part of ['live', 'movies', 'series'])
        expect(problems[part], `${part} of ${JSON.stringify(problems)}`).to.match(/^SOURCE_/);
      expect(await published(engine)).to.deep.equal(before);
    });
  }

  for (const { live, series, code } of [
    { live: 'truncated', series: '512', code: 'SOURCE_TRUNCATED' },
    { live: '500', series: '429', code: 'SOURCE_BUSY' },
    { live: '429', series: 'reset', code: 'SOURCE_BUSY' },
  ] as const) {
    it(`keeps what was good when channels and series are ${live} and ${series}, and takes the movies`, async () => {
      const before = await published(engine);
      const movies = (await engine.api<Page>('GET', '/movies?limit=1')).body.total;
      const byAction = { get_live_streams: live, get_series: series };
      // A provider that asks for more patience than a refresh has is not asked again.
      await rig.provider.set({ api: { byAction, retryAfter: '70' }, catalog: { movies: movies + 1 } });
      const job = await engine.refresh(id, 50_000);
      await rig.provider.set({ api: { retryAfter: '' } });
      expect(job.problems.map(({ part }) => part)).to.deep.equal(['live', 'series']);
      expect((await problemsOf())['live']).to.equal(code);
      const after = await published(engine);
      expect([after['channels'], after['series']]).to.deep.equal([before['channels'], before['series']]);
      expect((await engine.api<Page>('GET', '/movies?limit=1')).body.total).to.equal(movies + 1);
    });
  }

  it('tries again what fails once', async () => {
    await rig.provider.set({ api: { times: 1, byAction: { get_live_streams: '500' } } });
    const job = await engine.refresh(id);
    await rig.provider.set({ api: { times: 0 } });
    expect(job).to.deep.include({ state: 'succeeded', problems: [] });
  });

  it('keeps everything when the login is refused, and says so', async () => {
    const before = await published(engine);
    await rig.provider.set({ api: { byAction: every('auth0') } });
    const job = await engine.refresh(id);
    expect(job.state).to.equal('failed');
    expect(job.error?.code).to.equal('SOURCE_LOGIN_REFUSED');
    expect(await published(engine)).to.deep.equal(before);
  });

  it('can be cancelled while the provider hangs, and nothing has changed', async () => {
    const before = await published(engine);
    await rig.provider.set({ api: { byAction: { get_vod_streams: 'hang' } } });
    const { body } = await engine.api<{ jobId: string }>('POST', `/sources/${id}/refresh`);
    await waitUntil('it is asked', async () =>
      (await rig.provider.state()).requests.some(({ url }) => url.includes('get_vod_streams')),
    );
    const again = await engine.api<{ jobId: string }>('POST', `/sources/${id}/refresh`);
    expect(again.body.jobId).to.equal(body.jobId);
    expect((await engine.api('DELETE', `/jobs/${body.jobId}`)).status).to.equal(202);
    expect((await engine.ended(body.jobId, 5000)).state).to.equal('cancelled');
    expect(await published(engine)).to.deep.equal(before);
  });

  it('believes a list that lost most of its channels when it comes twice', async () => {
    await rig.provider.set({ catalog: { omit: 0.7 } });
    const job = await engine.refresh(id);
    expect(job.problems.map(({ part, code }) => `${part} ${code}`)).to.include('live SOURCE_SHRUNK');
    expect((await engine.channels()).length).to.equal(40);
    await engine.refresh(id);
    expect((await engine.channels()).length).to.equal(12);
    await rig.provider.set({ catalog: { omit: 0 } });
    await engine.refresh(id);
    expect((await published(engine))['channels']).to.deep.equal(first['channels']);
  });

  for (const packed of ['gzip', 'encoding'] as const) {
    it(`reads a guide that is packed (${packed})`, async () => {
      await rig.provider.set({ guide: { packed } });
      const job = await engine.refresh(id);
      await rig.provider.set({ guide: { packed: 'no' } });
      expect(job).to.deep.include({ state: 'succeeded', problems: [] });
      expect(job.counts.programmes).to.be.within(40 * 60, 40 * 75);
    });
  }

  it('reads the login whatever the kinds of its values', async () => {
    for (const api of [
      { activeCons: 'N/A', stringNumbers: true },
      { activeCons: 'absent', stringNumbers: false },
      { activeCons: 'zero', stringNumbers: false },
    ] as const) {
      await rig.provider.set({ api });
      const { body } = await engine.api('POST', `/sources/${id}/test`);
      expect(body).to.include({ ok: true, maxConnections: 1 });
    }
  });
});
