import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { SourceConfig } from '../../../src/config/schema.ts';
import { sourceSchema } from '../../../src/config/source-schema.ts';
import { CoaxError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/log/log.ts';
import type { SourceReader } from '../../../src/sources/contract.ts';
import { createReader } from '../../../src/sources/factory.ts';
import { Collected, CollectedGuide, contextOf } from '../collecting-sinks.ts';
import { startWebStub } from '../web-stub.ts';
import { type Answer, startPanel } from '../xtream/panel-stub.ts';

const { signal } = new AbortController();

function sourceOf(url: string, more: object = {}): SourceConfig {
  return sourceSchema.parse({ id: 's1', kind: 'm3u', name: 'List', url, ...more });
}

function readerOf(config: SourceConfig): SourceReader {
  const retry = { attempts: 2, firstDelayMs: 1, longestDelayMs: 5 };
  return createReader(config, { log: silentLog, silenceMs: 2_000, maxBytes: 10_000_000, retry });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('It should have failed'),
    (reason: unknown) => reason,
  );
  return error instanceof CoaxError ? error.code : String(error);
}

const playlist = [
  '\ufeff#EXTM3U x-tvg-url="GUIDE"',
  '#EXTINF:-1 tvg-id="one.uk" tvg-name="One" tvg-logo="http://l.example/1.png" tvg-chno="7" group-title="News;UK" tvg-shift="1" foo="bar",One, HD',
  '#EXTVLCOPT:http-user-agent=Special/1',
  'http://p.example/live/bob/secret1/1.ts',
  '#EXTINF:-1,Broken entry',
  '#EXTINF:-1 radio="true",Radio',
  'http://p.example/radio.mp3|Referer=http%3A%2F%2Fr.example%2F',
  '#EXTINF:-1 group-title="Films",Heat (1995)',
  'http://p.example/movie/bob/secret1/9.mkv',
  '#EXTINF:-1 group-title="Shows",Dark S01E01',
  'http://p.example/series/bob/secret1/21.mkv',
  '#EXTINF:-1 group-title="Shows;German",DARK S01E02 - Lies',
  'http://p.example/series/bob/secret1/22.mp4',
  '',
].join('\r\n');

describe('M3uReader', () => {
  it('reads channels, films and series with their episodes', async () => {
    await using web = await startWebStub((_, response) => void response.end(gzipSync(playlist)));
    const sink = new Collected();
    const summary = await readerOf(sourceOf(`${web.base}/list.m3u`)).readCatalog(sink, contextOf());
    expect(summary).to.deep.equal({ live: 'complete', movies: 'complete', series: 'complete', problems: [] });
    const [one, radio] = sink.channels;
    expect(one).to.deep.include({
      name: 'One, HD',
      number: '7',
      logo: 'http://l.example/1.png',
      groups: ['News', 'UK'],
      guideId: 'one.uk',
      guideName: 'One',
      guideShiftMin: 60,
      extra: { foo: 'bar' },
      locator: { kind: 'url', url: 'http://p.example/live/bob/secret1/1.ts', headers: { 'user-agent': 'Special/1' } },
    });
    expect(radio).to.deep.include({ name: 'Radio', radio: true });
    expect(radio?.locator).to.deep.include({ headers: { referer: 'http://r.example/' } });
    expect(sink.films.map(({ title, year, ext }) => [title, year, ext])).to.deep.equal([['Heat (1995)', 1995, 'mkv']]);
    expect(sink.shows.map(({ title, groups }) => [title, groups])).to.deep.equal([['Dark', ['Shows', 'German']]]);
    const episodes = sink.episodesOf.get(sink.shows[0]?.providerId ?? '') ?? [];
    expect(episodes.map((e) => [e.season, e.episode, e.title, e.ext])).to.deep.equal([
      [1, 1, 'Episode 1', 'mkv'],
      [1, 2, 'Lies', 'mp4'],
    ]);
    expect(sink.rejects.map(({ at }) => at)).to.deep.equal([5]);
  });

  it('reads the episodes of one series again for a sink that did not take them', async () => {
    await using web = await startWebStub((_, response) => void response.end(playlist));
    const reader = readerOf(sourceOf(web.base));
    const sink = new Collected();
    await reader.readCatalog(sink, contextOf());
    const { items } = await reader.episodes(sink.shows[0]?.providerId ?? '', signal);
    expect(items.map(({ episode }) => episode)).to.deep.equal([1, 2]);
  });

  it('keeps a small picture that stands in the list, and no large one', async () => {
    const small = `data:image/png;base64,${'iVBORw0KGgo'.repeat(200)}=`;
    const entry = (logo: string) => `#EXTINF:-1 tvg-logo="${logo}",One\nhttp://p.example/${logo.length}.ts\n`;
    const large = `data:image/png;base64,${'A'.repeat(40_000)}`;
    const text = `#EXTM3U\n${[small, large, 'data:text/html,x', 'data:image/png;base64,%00'].map(entry).join('')}`;
    await using web = await startWebStub((_, response) => void response.end(text));
    const sink = new Collected();
    await readerOf(sourceOf(web.base)).readCatalog(sink, contextOf());
    expect(sink.channels.map(({ logo }) => logo)).to.deep.equal([small, undefined, undefined, undefined]);
  });

  it('keeps the key of an entry that has a new token', async () => {
    let token = 1;
    await using web = await startWebStub((_, response) => {
      token += 1;
      response.end(`#EXTM3U\n#EXTINF:-1,One\nhttp://p.example/one.m3u8?token=t${token}\n`);
    });
    const keys = new Set<string | undefined>();
    for (let round = 0; round < 2; round += 1) {
      const sink = new Collected();
      await readerOf(sourceOf(web.base)).readCatalog(sink, contextOf());
      keys.add(sink.channels[0]?.providerId);
    }
    expect(keys.size).to.equal(1);
  });

  for (const [name, body, code] of [
    ['a web page', '<html></html>', 'SOURCE_BAD_CONTENT'],
    ['nothing', '', 'SOURCE_EMPTY'],
    ['a playlist without entries', '#EXTM3U\n', 'SOURCE_EMPTY'],
    ['one HLS stream', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n1.ts\n', 'SOURCE_BAD_CONTENT'],
    ['JSON', '{"user_info":{"auth":0}}', 'SOURCE_BAD_CONTENT'],
    ['some text', 'hello\nworld\n', 'SOURCE_BAD_CONTENT'],
  ] as const) {
    it(`fails with ${code} for ${name}`, async () => {
      await using web = await startWebStub((_, response) => void response.end(body));
      expect(await codeOf(readerOf(sourceOf(web.base)).readCatalog(new Collected(), contextOf()))).to.equal(code);
    });
  }

  it('calls nothing complete when the playlist is cut short', async () => {
    await using web = await startWebStub((_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      response.write(`${playlist}${'#EXTINF:-1,More\nhttp://p.example/more.ts\n'.repeat(1_000)}`);
      setTimeout(() => response.destroy(), 20);
    });
    const summary = await readerOf(sourceOf(web.base)).readCatalog(new Collected(), contextOf());
    expect([summary.live, summary.movies, summary.series]).to.deep.equal(['failed', 'failed', 'failed']);
    expect(new Set(summary.problems.map(({ code }) => code))).to.deep.equal(new Set(['SOURCE_TRUNCATED']));
  });

  it('has no login to ask for without its list', async () => {
    await using web = await startWebStub((_, response) => void response.end(playlist));
    expect(await readerOf(sourceOf(web.base)).logins?.(signal)).to.equal(null);
    expect(web.requests).to.deep.equal([]);
  });

  it('reads a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coax-m3u-'));
    try {
      const file = join(folder, 'list.m3u');
      writeFileSync(file, playlist);
      const sink = new Collected();
      await readerOf(sourceOf(file)).readCatalog(sink, contextOf());
      expect(sink.channels).to.have.length(2);
      expect(await readerOf(sourceOf(file)).test(signal)).to.deep.equal([
        { ok: true, message: 'The playlist can be read' },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('with the guide', () => {
    const guide = (title: string, ...ids: readonly string[]) =>
      `<tv>${ids.map((id) => `<channel id="${id}"/>`).join('')}${ids
        .map(
          (id) =>
            `<programme channel="${id}" start="20260101120000 +0000" stop="20260101130000 +0000"><title>${title}</title></programme>`,
        )
        .join('')}</tv>`;

    it('reads the guides the playlist names, and the first that has a channel gives its programmes', async () => {
      await using web = await startWebStub((request, response, url) => {
        const base = `http://${request.headers.host ?? ''}`;
        if (url.pathname === '/a.xml') response.end(guide('A', 'one', 'two'));
        else if (url.pathname === '/b.xml.gz') response.end(gzipSync(guide('B', 'two', 'three')));
        else if (url.pathname === '/c.xml') response.writeHead(404).end();
        else
          response.end(
            `#EXTM3U url-tvg="${base}/a.xml,${base}/b.xml.gz,${base}/c.xml"\n#EXTINF:-1,One\nhttp://x/1.ts\n`,
          );
      });
      const reader = readerOf(sourceOf(`${web.base}/list`, { headers: { 'X-Token': 'secret1' } }));
      const sink = new CollectedGuide();
      expect(await reader.readGuide(sink, contextOf(), [])).to.equal(true);
      expect(sink.guideProgrammes.map(({ guideId, title }) => `${guideId} ${title}`)).to.deep.equal([
        'one A',
        'two A',
        'three B',
      ]);
      expect(sink.rejects.map(({ reason }) => reason)).to.deep.equal([
        'Guide 3 could not be read: 127.0.0.1 answered HTTP 404',
      ]);
    });

    it('tells the summary the guides it found, and does not read the playlist twice', async () => {
      await using web = await startWebStub((request, response, url) => {
        const base = `http://${request.headers.host ?? ''}`;
        response.end(
          url.pathname === '/a.xml'
            ? guide('A', 'one')
            : `#EXTM3U x-tvg-url="${base}/a.xml"\n#EXTINF:-1,One\nhttp://x/1.ts\n`,
        );
      });
      const reader = readerOf(sourceOf(`${web.base}/list`));
      const summary = await reader.readCatalog(new Collected(), contextOf());
      expect(summary.guideUrls).to.deep.equal([`${web.base}/a.xml`]);
      await reader.readGuide(new CollectedGuide(), contextOf(), []);
      expect(web.requests.map(({ url }) => url.pathname)).to.deep.equal(['/list', '/a.xml']);
    });

    it('reads guides at relative addresses, and says which address is none', async () => {
      await using web = await startWebStub((_, response, url) => {
        if (url.pathname === '/g.xml') response.end(guide('A', 'one'));
        else if (url.pathname === '/lists/sub/h.xml') response.end(guide('B', 'two'));
        else response.end('#EXTM3U x-tvg-url="/g.xml,sub/h.xml;file:///etc/passwd"\n#EXTINF:-1,One\nhttp://x/1.ts\n');
      });
      const reader = readerOf(sourceOf(`${web.base}/lists/all.m3u?token=x`));
      const summary = await reader.readCatalog(new Collected(), contextOf());
      expect(summary.guideUrls).to.deep.equal([`${web.base}/g.xml`, `${web.base}/lists/sub/h.xml`]);
      const sink = new CollectedGuide();
      expect(await reader.readGuide(sink, contextOf(), [])).to.equal(true);
      expect(sink.guideProgrammes.map(({ guideId, title }) => `${guideId} ${title}`)).to.deep.equal(['one A', 'two B']);
      expect(sink.rejects.map(({ at, reason }) => [at, reason])).to.deep.equal([
        [3, 'What the playlist names as guide 3 is no address that can be asked'],
      ]);
    });

    it('reads a guide beside a playlist that is a file, and no file elsewhere', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'coax-m3u-'));
      try {
        mkdirSync(join(folder, 'lists'));
        writeFileSync(join(folder, 'lists', 'g.xml'), guide('A', 'one'));
        writeFileSync(join(folder, 'h.xml'), guide('B', 'two'));
        const file = join(folder, 'lists', 'list.m3u');
        const names = `g.xml,../h.xml,${folder}/h.xml`;
        writeFileSync(file, `#EXTM3U x-tvg-url="${names}"\n#EXTINF:-1,One\nhttp://x/1.ts\n`);
        const sink = new CollectedGuide();
        await readerOf(sourceOf(file)).readGuide(sink, contextOf(), []);
        expect(sink.guideProgrammes.map(({ title }) => title)).to.deep.equal(['A']);
        expect(sink.rejects).to.have.length(2);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('reads the configured guide first, and fills with those of the playlist', async () => {
      await using web = await startWebStub((_, response, url) => {
        if (url.pathname === '/mine.xml') response.end(guide('mine', 'one'));
        else if (url.pathname === '/g.xml') response.end(guide('theirs', 'one', 'two'));
        else response.end('#EXTM3U x-tvg-url="/g.xml,/mine.xml"\n#EXTINF:-1,One\nhttp://x/1.ts\n');
      });
      const reader = readerOf(sourceOf(`${web.base}/list`, { epgUrl: `${web.base}/mine.xml` }));
      const sink = new CollectedGuide();
      await reader.readGuide(sink, contextOf(), []);
      expect(sink.guideProgrammes.map(({ guideId, title }) => `${guideId} ${title}`)).to.deep.equal([
        'one mine',
        'two theirs',
      ]);
      expect(web.requests.map(({ url }) => url.pathname)).to.deep.equal(['/list', '/mine.xml', '/g.xml']);
    });

    it('reads a guide in UTF-16', async () => {
      const text = `<?xml version="1.0" encoding="UTF-16"?>${guide('Ünï', 'one')}`;
      await using web = await startWebStub((_, response) => void response.end(Buffer.from(`\ufeff${text}`, 'utf16le')));
      const reader = readerOf(sourceOf('', { epgUrl: `${web.base}/a.xml` }));
      const sink = new CollectedGuide();
      await reader.readGuide(sink, contextOf(), []);
      expect(sink.guideProgrammes.map(({ title }) => title)).to.deep.equal(['Ünï']);
    });

    it('has none when the playlist names none', async () => {
      await using web = await startWebStub(
        (_, response) => void response.end('#EXTM3U\n#EXTINF:-1,One\nhttp://x/1.ts\n'),
      );
      expect(await readerOf(sourceOf(web.base)).readGuide(new CollectedGuide(), contextOf(), [])).to.equal(false);
    });

    it('reads only what the sink can use', async () => {
      await using web = await startWebStub((_, response) => void response.end(guide('A', 'one', 'two')));
      const reader = readerOf(sourceOf(`${web.base}/list`, { epgUrl: `${web.base}/a.xml` }));
      const sink = new CollectedGuide();
      const interest = { fromUnix: 0, toUnix: 4e9, wanted: (id: string) => id === 'two' };
      await reader.readGuide(Object.assign(sink, { interest }), contextOf(), []);
      expect(sink.guideProgrammes.map(({ guideId }) => guideId)).to.deep.equal(['two']);
    });
  });

  describe('with a playlist of a panel', () => {
    const login = { username: 'bob@x', password: 'p/w#1 %+' };
    const query = `username=${encodeURIComponent(login.username)}&password=${encodeURIComponent(login.password)}&type=m3u_plus&output=ts`;

    it('asks the panel about the login, and reads its guide', async () => {
      const files = {
        'get.php': { text: '#EXTM3U\n#EXTINF:-1,One\nhttp://x/1.ts\n' },
        'xmltv.php': { text: '<tv><channel id="a"/></tv>' },
      };
      await using panel = await startPanel({ login, user: { exp_date: '1798761600' }, files });
      const reader = readerOf(sourceOf(`${panel.base}/get.php?${query}`));
      const [report] = await reader.test(signal);
      expect(report).to.include({ ok: true, maxConnections: 2, expiresUnix: 1_798_761_600 });
      const sink = new Collected();
      await reader.readCatalog(sink, contextOf());
      expect(sink.channels).to.have.length(1);
      const guideSink = new CollectedGuide();
      expect(await reader.readGuide(guideSink, contextOf(), [])).to.equal(true);
      expect(guideSink.guideChannels).to.have.length(1);
    });

    it('adds the login to a guide that the playlist names without', async () => {
      const answer: Answer = { text: '<tv><channel id="a"/></tv>' };
      let base = '';
      const files = {
        'get.php': () => ({ text: `#EXTM3U x-tvg-url="${base}/xmltv.php"\n#EXTINF:-1,One\nhttp://x/1.ts\n` }),
        'xmltv.php': answer,
      };
      await using panel = await startPanel({ login, files });
      base = panel.base;
      const guideSink = new CollectedGuide();
      expect(await readerOf(sourceOf(`${base}/get.php?${query}`)).readGuide(guideSink, contextOf(), [])).to.equal(true);
      expect(guideSink.guideChannels).to.have.length(1);
    });

    it('is tried by its playlist when the panel keeps its API shut', async () => {
      const files = { 'get.php': { text: '#EXTM3U\n#EXTINF:-1,One\nhttp://x/1.ts\n' } };
      await using panel = await startPanel({ login, files, actions: { '': { status: 404 } } });
      const [report] = await readerOf(sourceOf(`${panel.base}/get.php?${query}`)).test(signal);
      expect(report).to.deep.equal({ ok: true, message: 'The playlist can be read' });
    });

    it('reports a refused login', async () => {
      await using panel = await startPanel({ login: { username: 'x', password: 'y' } });
      const [report] = await readerOf(sourceOf(`${panel.base}/get.php?${query}`)).test(signal);
      expect(report).to.include({ ok: false, code: 'SOURCE_LOGIN_REFUSED' });
    });
  });
});
