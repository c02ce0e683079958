import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { zipSync } from 'fflate';
import { CoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import { readGuideFeed, readGuideFeeds } from '../../src/sources/guide-feed.ts';
import { ProviderClient } from '../../src/sources/provider-client.ts';
import { CollectedGuide, contextOf } from './collecting-sinks.ts';
import { startWebStub, type WebStub } from './web-stub.ts';

const client = new ProviderClient({
  headers: { 'user-agent': 'Player/1' },
  log: silentLog,
  silenceMs: 2_000,
  maxBytes: 10_000_000,
  retry: { attempts: 2, firstDelayMs: 1, longestDelayMs: 5 },
});

const programme = (id: string, hour: number): string =>
  `<programme channel="${id}" start="20260101${hour}0000" stop="20260101${hour + 1}0000"><title>At ${hour}</title></programme>`;
const guide = `<?xml version="1.0" encoding="UTF-8"?><tv><channel id="a"><display-name>A</display-name></channel>${programme('a', 12)}${programme('b', 13)}</tv>`;

const serve = (bodies: Readonly<Record<string, string | Buffer>>): Promise<WebStub> =>
  startWebStub((_, response, url) => {
    const body = bodies[url.pathname];
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CoaxError ? error.code : String(error);
}

describe('a guide feed', () => {
  for (const [name, body] of [
    ['plain', guide],
    ['gzip', gzipSync(guide)],
    ['zip', Buffer.from(zipSync({ 'guide.xml': Buffer.from(guide) }))],
  ] as const) {
    it(`is read when it is ${name}`, async () => {
      await using web = await serve({ '/g': body });
      const sink = new CollectedGuide();
      const result = await readGuideFeed(client, { urls: [`${web.base}/g`], zone: 'UTC+02:00' }, sink, contextOf());
      expect(result).to.deep.equal({ channels: 1, programmes: 2, rejects: 0 });
      expect(sink.guideProgrammes[0]?.startUnix).to.equal(Date.parse('2026-01-01T10:00:00Z') / 1000);
    });
  }

  for (const [name, body, code] of [
    ['a web page', '<!doctype html><html></html>', 'SOURCE_BAD_CONTENT'],
    ['XML of another kind', '<rss></rss>', 'SOURCE_BAD_CONTENT'],
    ['a playlist', '#EXTM3U', 'SOURCE_BAD_CONTENT'],
    ['nothing', '', 'SOURCE_EMPTY'],
    ['a guide cut short', guide.slice(0, -20), 'SOURCE_TRUNCATED'],
    ['a gzip file cut short', gzipSync(guide).subarray(0, 120), 'SOURCE_TRUNCATED'],
  ] as const) {
    it(`fails with ${code} for ${name}`, async () => {
      await using web = await serve({ '/g': body });
      expect(
        await codeOf(readGuideFeed(client, { urls: [`${web.base}/g`] }, new CollectedGuide(), contextOf())),
      ).to.equal(code);
    });
  }

  it('refuses a zone that does not exist', async () => {
    await using web = await serve({ '/g': guide });
    const feed = { urls: [`${web.base}/g`], zone: 'Mars/Base' };
    expect(await codeOf(readGuideFeed(client, feed, new CollectedGuide(), contextOf()))).to.equal('CONFIG_INVALID');
  });

  it('waits for its sink', async () => {
    const many = `<tv>${Array.from({ length: 3_000 }, () => programme('a', 12)).join('')}</tv>`;
    await using web = await serve({ '/g': many });
    let open = 0;
    let most = 0;
    const sink = Object.assign(new CollectedGuide(), {
      programmes: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
      },
    });
    await readGuideFeed(client, { urls: [`${web.base}/g`] }, sink, contextOf());
    expect(most).to.equal(1);
  });

  it('is one of several, of which the first that knows a channel gives its programmes', async () => {
    await using web = await serve({ '/1': `<tv>${programme('a', 12)}</tv>`, '/2': guide });
    const sink = new CollectedGuide();
    const urls = ['/1', '/none', '/2'].map((path) => ({ urls: [web.base + path] }));
    const failures = await readGuideFeeds(client, urls, sink, contextOf());
    expect(sink.guideProgrammes.map(({ guideId, title }) => `${guideId} ${title}`)).to.deep.equal([
      'a At 12',
      'b At 13',
    ]);
    expect(failures.map(({ feed, error }) => [feed, error.code])).to.deep.equal([[1, 'SOURCE_NOT_FOUND']]);
  });

  it('throws when each of several fails', async () => {
    await using web = await serve({});
    const feeds = [{ urls: [`${web.base}/1`] }, { urls: [`${web.base}/2`] }];
    expect(await codeOf(readGuideFeeds(client, feeds, new CollectedGuide(), contextOf()))).to.equal('SOURCE_NOT_FOUND');
  });

  it('asks a host that does not answer for one guide only, however many a playlist names there', async () => {
    const asked: string[] = [];
    await using web = await startWebStub((request, response, url) => {
      asked.push(url.pathname);
      if (url.pathname === '/good') response.end(guide);
      else request.socket.destroy();
    });
    await using other = await serve({ '/good': guide });
    const feeds = [...Array(50).keys()].map((n) => ({ urls: [`${web.base}/${n}`] }));
    const sink = new CollectedGuide();
    const failures = await readGuideFeeds(client, [...feeds, { urls: [`${other.base}/good`] }], sink, contextOf());
    expect(failures.map(({ feed }) => feed)).to.deep.equal([...Array(50).keys()]);
    expect(new Set(asked)).to.deep.equal(new Set(['/0']));
    expect(sink.guideProgrammes).to.have.length(2);
  });
});
