import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { SourceConfig } from '../../../src/config/schema.ts';
import { sourceSchema } from '../../../src/config/source-schema.ts';
import { CoaxError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/log/log.ts';
import { ProviderClient } from '../../../src/sources/provider-client.ts';
import { requestHeaders } from '../../../src/sources/request-headers.ts';
import { XtreamReader } from '../../../src/sources/xtream/reader.ts';
import { Collected, CollectedGuide, contextOf } from '../collecting-sinks.ts';
import { nastyLogins } from '../nasty-logins.ts';
import { deadBase } from '../web-stub.ts';
import { type Answer, startPanel } from './panel-stub.ts';

const login = { username: 'bob@x', password: 'p/w#1?%+' };

function sourceOf(base: string, more: object = {}): SourceConfig {
  return sourceSchema.parse({
    id: 's1',
    kind: 'xtream',
    name: 'Panel',
    url: base,
    accounts: [{ id: 'a1', ...login }],
    ...more,
  });
}

function readerOf(config: SourceConfig, tables = { intervalMs: 0 }): XtreamReader {
  const client = new ProviderClient({
    headers: requestHeaders(config),
    log: silentLog,
    silenceMs: 2_000,
    maxBytes: 10_000_000,
    retry: { attempts: 2, firstDelayMs: 1, longestDelayMs: 5 },
  });
  return new XtreamReader(config, { client, log: silentLog, tables });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('It should have failed'),
    (reason: unknown) => reason,
  );
  return error instanceof CoaxError ? error.code : String(error);
}

const list = (...items: readonly unknown[]): Answer => ({ json: items });
const live = (stream_id: unknown, more: object = {}) => ({ stream_id, name: `Channel ${String(stream_id)}`, ...more });
const good = {
  get_live_categories: list({ category_id: '1', category_name: 'News' }, { category_id: 2, category_name: 'Sport' }),
  get_live_streams: list(live(10, { category_id: '1' }), live('11', { category_ids: [2] })),
  get_vod_categories: list({ category_id: '5', category_name: 'Films' }),
  get_vod_streams: list({ stream_id: 20, name: 'Heat (1995)', category_id: '5', container_extension: 'mkv' }),
  get_series_categories: list({ category_id: '6', category_name: 'Shows' }),
  get_series: list({ series_id: 30, name: 'Dark', category_id: '6' }),
} as const;

async function readAll(config: SourceConfig) {
  const sink = new Collected();
  const summary = await readerOf(config).readCatalog(sink, contextOf());
  return { sink, summary };
}

describe('XtreamReader', () => {
  it('reads channels, films and series with their groups', async () => {
    await using panel = await startPanel({ login, actions: good, prefix: '/sub' });
    const { sink, summary } = await readAll(sourceOf(`${panel.base}/sub/`));
    expect(summary).to.deep.equal({ live: 'complete', movies: 'complete', series: 'complete', problems: [] });
    expect(sink.channels.map(({ providerId, groups }) => [providerId, ...groups])).to.deep.equal([
      ['10', 'News'],
      ['11', 'Sport'],
    ]);
    expect(sink.films.map(({ title, groups, ext }) => [title, ext, ...groups])).to.deep.equal([
      ['Heat (1995)', 'mkv', 'Films'],
    ]);
    expect(sink.shows.map(({ title, groups }) => [title, ...groups])).to.deep.equal([['Dark', 'Shows']]);
    expect(panel.requests[0]?.url.searchParams.has('action')).to.equal(false);
  });

  it('reads lists by index, behind warnings with brackets, and ids wider than 53 bits', async () => {
    const warning = 'Warning: PDO::__construct(): SQLSTATE[HY000] [2002] refused in /www/a.php on line 3\n';
    const actions = {
      ...good,
      get_live_categories: { text: `${warning}{"0":{"category_id":1,"category_name":"News"}}` },
      get_live_streams: {
        text: `${warning}{"0":{"stream_id":9007199254740993,"name":"A","category_id":1},"2":{"stream_id":7,"name":"B"}}`,
      },
    };
    await using panel = await startPanel({ login, actions });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('complete');
    expect(sink.channels.map(({ providerId, groups }) => [providerId, ...groups])).to.deep.equal([
      ['9007199254740993', 'News'],
      ['7'],
    ]);
  });

  it('logs in where a warning with brackets stands before the account', async () => {
    const account = { user_info: { ...login, auth: 1, status: 'Active' } };
    const text = `Warning: SQLSTATE[HY000] [2002] refused\n${JSON.stringify(account)}`;
    await using panel = await startPanel({ login, actions: { '': { text } } });
    expect((await readerOf(sourceOf(panel.base)).test(new AbortController().signal))[0]).to.include({ ok: true });
  });

  for (const nasty of nastyLogins) {
    it(`logs in as ${JSON.stringify(nasty)}`, async () => {
      await using panel = await startPanel({ login: nasty, actions: good });
      const config = sourceOf(panel.base, { accounts: [{ id: 'a1', ...nasty }] });
      expect((await readerOf(config).test(new AbortController().signal))[0]).to.include({
        ok: true,
        maxConnections: 2,
      });
    });
  }

  it('takes a login that was pasted with the address', async () => {
    await using panel = await startPanel({ login, actions: good });
    const query = `username=${encodeURIComponent(login.username)}&password=${encodeURIComponent(login.password)}`;
    const config = sourceOf(`${panel.base}/get.php?${query}&type=m3u_plus`, { accounts: [] });
    expect((await readAll(config)).sink.channels).to.have.length(2);
  });

  it('does not ask for lists when the login is refused', async () => {
    await using panel = await startPanel({ login, actions: good });
    const config = sourceOf(panel.base, { accounts: [{ id: 'a1', username: 'bob@x', password: 'wrong' }] });
    expect(await codeOf(readAll(config))).to.equal('SOURCE_LOGIN_REFUSED');
    expect(panel.requests).to.have.length(1);
  });

  it('does not ask for lists when the account has expired', async () => {
    await using panel = await startPanel({ login, user: { status: 'Expired' }, actions: good });
    expect(await codeOf(readAll(sourceOf(panel.base)))).to.equal('SOURCE_EXPIRED');
  });

  it('reads with the next account when the first is refused', async () => {
    await using panel = await startPanel({ login, actions: good });
    const accounts = [
      { id: 'a0', username: 'old', password: 'old' },
      { id: 'a1', ...login },
    ];
    const config = sourceOf(panel.base, { accounts });
    expect((await readAll(config)).sink.channels).to.have.length(2);
    const reports = await readerOf(config).test(new AbortController().signal);
    expect(reports.map(({ ok }) => ok)).to.deep.equal([false, true]);
  });

  for (const [name, answer, code] of [
    ['401', { status: 401 }, 'SOURCE_LOGIN_REFUSED'],
    ['403', { status: 403 }, 'SOURCE_LOGIN_REFUSED'],
    ['404', { status: 404 }, 'SOURCE_NOT_FOUND'],
    ['512', { status: 512 }, 'SOURCE_LOGIN_REFUSED'],
    ['an empty body', { text: '' }, 'SOURCE_LOGIN_REFUSED'],
    ['[]', { json: [] }, 'SOURCE_LOGIN_REFUSED'],
    ['a web page', { text: '<!DOCTYPE html><html>' }, 'SOURCE_BAD_CONTENT'],
    ['"blocked"', { text: 'blocked' }, 'SOURCE_BLOCKED'],
    ['an overload', { status: 503 }, 'SOURCE_BUSY'],
  ] as const) {
    it(`reports ${code} in words when the login is answered with ${name}`, async () => {
      await using panel = await startPanel({ login, actions: { '': answer } });
      const [report] = await readerOf(sourceOf(panel.base)).test(new AbortController().signal);
      expect(report).to.include({ ok: false, code });
      expect(report?.message).to.match(/^(The provider|127\.0\.0\.1) /);
    });
  }

  it('unites the categories of a channel that comes several times', async () => {
    const streams = list(live(10, { category_id: '1' }), live(11), live(10, { category_id: '2' }));
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const { sink } = await readAll(sourceOf(panel.base));
    expect(sink.channels.map(({ providerId, groups }) => [providerId, groups])).to.deep.equal([
      ['10', ['News', 'Sport']],
      ['11', []],
    ]);
  });

  it('counts bad entries and keeps the good ones', async () => {
    const streams: Answer = {
      text: '[{"stream_id":1,"name":"A"},{"name":"no id"},null,{"stream_id":2,"name":"B"},{"stream_id":3}]',
    };
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('complete');
    expect(sink.channels.map(({ name }) => name)).to.deep.equal(['A', 'B', 'Stream 3']);
    expect(sink.rejects).to.deep.equal([
      { what: 'channel', at: 2, reason: 'has no stream_id' },
      { what: 'channel', at: 3, reason: 'is null where an object belongs' },
    ]);
  });

  it('refuses a list of which most entries are bad', async () => {
    const streams = list(live(1), {}, {}, null);
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('failed');
    expect(summary.problems[0]).to.include({ part: 'live', code: 'SOURCE_NOT_A_LIST' });
    expect([sink.channels.length, sink.films.length]).to.deep.equal([0, 1]);
  });

  for (const [name, answer, code] of [
    ['{}', { json: {} }, 'SOURCE_NOT_A_LIST'],
    ['false', { json: false }, 'SOURCE_NOT_A_LIST'],
    ['null', { json: null }, 'SOURCE_NOT_A_LIST'],
    ['""', { json: '' }, 'SOURCE_NOT_A_LIST'],
    ['the account', { json: { user_info: { auth: 1 } } }, 'SOURCE_NOT_A_LIST'],
    ['a refused account', { json: { user_info: { auth: 0 } } }, 'SOURCE_NOT_A_LIST'],
    ['an empty body', { text: '' }, 'SOURCE_EMPTY'],
    ['a web page', { text: '<html>' }, 'SOURCE_BAD_CONTENT'],
    ['a list cut short', { text: '[{"stream_id":1,"name":"A"},{"stream_id":2,"na' }, 'SOURCE_TRUNCATED'],
    ['an overload', { status: 500 }, 'SOURCE_BUSY'],
  ] as const) {
    it(`never takes ${name} for an empty list`, async () => {
      await using panel = await startPanel({ login, actions: { ...good, get_live_streams: answer } });
      const { sink, summary } = await readAll(sourceOf(panel.base));
      expect([summary.live, summary.movies, summary.series]).to.deep.equal(['failed', 'complete', 'complete']);
      expect(summary.problems.map((problem) => problem.code)).to.deep.equal([code]);
      expect(sink.channels).to.deep.equal([]);
    });
  }

  it('reads category by category when the bulk call fails', async () => {
    const asked: (string | null)[] = [];
    const streams: Answer = (url) => {
      const category = url.searchParams.get('category_id');
      asked.push(category);
      if (category === null) return { status: 504 };
      return category === '1' ? list(live(10), live(11)) : list(live(11, { category_id: '2' }));
    };
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('complete');
    expect(sink.channels.map(({ providerId, groups }) => [providerId, groups])).to.deep.equal([
      ['10', ['News']],
      ['11', ['News', 'Sport']],
    ]);
    expect(asked).to.deep.equal([null, null, '1', '2']);
  });

  it('is incomplete when one category can not be read either', async () => {
    const streams: Answer = (url) => (url.searchParams.get('category_id') === '1' ? list(live(10)) : { status: 504 });
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('failed');
    expect(sink.channels).to.deep.equal([]);
  });

  it('says that films are absent when the panel has none', async () => {
    const none = { get_vod_categories: list(), get_vod_streams: list() };
    await using panel = await startPanel({ login, actions: { ...good, ...none } });
    const { summary } = await readAll(sourceOf(panel.base));
    expect(summary).to.deep.include({ live: 'complete', movies: 'absent', problems: [] });
  });

  it('fails for channels when the list is empty though there are categories', async () => {
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: list() } });
    const { summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('failed');
    expect(summary.problems[0]?.code).to.equal('SOURCE_EMPTY');
  });

  it('reads channels of a panel that does not know categories', async () => {
    const { get_live_categories: _, ...rest } = good;
    await using panel = await startPanel({ login, actions: rest });
    const { sink, summary } = await readAll(sourceOf(panel.base));
    expect(summary.live).to.equal('complete');
    expect(sink.channels.map(({ groups }) => groups)).to.deep.equal([[], []]);
  });

  it('throws when nothing at all could be read', async () => {
    await using panel = await startPanel({ login });
    expect(await codeOf(readAll(sourceOf(panel.base)))).to.equal('SOURCE_NOT_A_LIST');
  });

  it('goes on with the next address of the panel', async () => {
    await using panel = await startPanel({ login, actions: good });
    const config = sourceOf(await deadBase(), { baseUrls: [`${panel.base}/player_api.php`] });
    expect((await readAll(config)).sink.channels).to.have.length(2);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const streams: Answer = () => {
      stop.abort();
      return list(live(1));
    };
    await using panel = await startPanel({ login, actions: { ...good, get_live_streams: streams } });
    const sink = new Collected();
    const work = readerOf(sourceOf(panel.base)).readCatalog(sink, contextOf(stop.signal));
    expect(await codeOf(work)).to.equal('CANCELLED');
    expect(sink.channels).to.deep.equal([]);
  });

  describe('with the guide', () => {
    const xmltv = `<?xml version="1.0"?><tv><channel id="one"><display-name>One</display-name></channel>
      <programme channel="one" start="20260101120000" stop="20260101130000"><title>Noon</title></programme></tv>`;
    const wanted = [
      { providerId: '10', guideId: 'one' },
      { providerId: '11', guideId: 'two' },
      { providerId: '12', guideId: 'one' },
    ];
    const table: Answer = (url) => ({
      json: {
        epg_listings: [
          {
            title: Buffer.from(`Of ${url.searchParams.get('stream_id')}`).toString('base64'),
            start: '2026-01-01 12:00:00',
            end: '2026-01-01 13:00:00',
          },
        ],
      },
    });

    it('reads the whole guide first, in the zone of the panel', async () => {
      await using panel = await startPanel({ login, actions: good, files: { 'xmltv.php': { text: gzipSync(xmltv) } } });
      const guide = new CollectedGuide();
      expect(await readerOf(sourceOf(panel.base)).readGuide(guide, contextOf(), wanted)).to.equal(true);
      expect(guide.guideProgrammes.map(({ startUnix }) => startUnix)).to.deep.equal([1_767_265_200]);
      expect(panel.requests.map(({ url }) => url.pathname)).to.deep.equal(['/player_api.php', '/xmltv.php']);
    });

    for (const [name, answer] of [
      ['is not there', { status: 404 }],
      ['is a web page', { text: '<html>no</html>' }],
      ['is empty', { text: '' }],
      ['is JSON', { json: { user_info: {} } }],
      ['has no programme', { text: '<tv></tv>' }],
    ] as const) {
      it(`asks channel by channel when the guide ${name}`, async () => {
        const actions = { ...good, get_simple_data_table: table };
        await using panel = await startPanel({ login, actions, files: { 'xmltv.php': answer } });
        const guide = new CollectedGuide();
        const context = contextOf();
        expect(await readerOf(sourceOf(panel.base)).readGuide(guide, context, wanted)).to.equal(true);
        expect(guide.guideProgrammes.map((p) => [p.guideId, p.title, p.startUnix])).to.deep.equal([
          ['one', 'Of 10', 1_767_265_200],
          ['two', 'Of 11', 1_767_265_200],
        ]);
        expect(context.stages.at(-1)).to.equal('guide, channel by channel 2/2');
      });
    }

    it('asks for a bounded number of channels', async () => {
      const actions = { ...good, get_simple_data_table: table };
      await using panel = await startPanel({ login, actions });
      const guide = new CollectedGuide();
      const tables = { intervalMs: 0, maxChannels: 1 };
      await readerOf(sourceOf(panel.base), tables).readGuide(guide, contextOf(), wanted);
      expect(guide.guideProgrammes).to.have.length(1);
    });

    it('stops asking when the panel says that it is too much', async () => {
      const actions = { ...good, get_simple_data_table: { status: 429 } };
      await using panel = await startPanel({ login, actions });
      const many = Array.from({ length: 50 }, (_, index) => ({ providerId: String(index), guideId: `g${index}` }));
      const work = readerOf(sourceOf(panel.base)).readGuide(new CollectedGuide(), contextOf(), many);
      expect(await codeOf(work)).to.equal('SOURCE_BUSY');
      expect(panel.requests.filter(({ url }) => url.search.includes('data_table'))).to.have.length(2);
    });

    it('throws when the guide is cut short, and does not fall back on asking', async () => {
      const cut = { text: xmltv.replace('</tv>', '').repeat(1) };
      await using panel = await startPanel({ login, actions: good, files: { 'xmltv.php': cut } });
      const work = readerOf(sourceOf(panel.base)).readGuide(new CollectedGuide(), contextOf(), wanted);
      expect(await codeOf(work)).to.equal('SOURCE_TRUNCATED');
    });

    it('reads a guide of its own choice instead, without logging in', async () => {
      await using panel = await startPanel({ login, files: {} });
      await using other = await startPanel({ login: { username: '', password: '' } });
      expect(other.base).not.to.equal(panel.base);
      const config = sourceOf(panel.base, { epgUrl: `${other.base}/none.xml` });
      expect(await codeOf(readerOf(config).readGuide(new CollectedGuide(), contextOf(), []))).to.equal(
        'SOURCE_LOGIN_REFUSED',
      );
      expect(panel.requests).to.deep.equal([]);
    });
  });

  it('reads the episodes of a series', async () => {
    const episodes = { '1': [{ id: '5', episode_num: 1, title: 'Pilot' }] };
    const actions = {
      get_series_info: (url: URL): Answer =>
        url.searchParams.get('series_id') === '30' ? { json: { episodes } } : { json: [] },
    };
    await using panel = await startPanel({ login, actions });
    const reader = readerOf(sourceOf(panel.base));
    const { signal } = new AbortController();
    expect((await reader.episodes('30', signal)).items.map(({ title }) => title)).to.deep.equal(['Pilot']);
    expect((await reader.episodes('31', signal)).items).to.deep.equal([]);
  });

  it('fails for episodes when the panel answers with the account', async () => {
    await using panel = await startPanel({ login });
    const work = readerOf(sourceOf(panel.base)).episodes('30', new AbortController().signal);
    expect(await codeOf(work)).to.equal('SOURCE_NOT_A_LIST');
  });
});
