import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import type { Account } from '../../../src/model/account.ts';
import type { LiveItem, MovieItem, SeriesItem } from '../../../src/model/items.ts';
import type { GuideChannel, Programme } from '../../../src/model/programme.ts';
import { clipNames } from '../../../src/sources/demo/clips.ts';
import { demoChannels } from '../../../src/sources/demo/content.ts';
import { DemoReader, DemoResolver } from '../../../src/sources/demo/demo-source.ts';
import { demoPictureOf } from '../../../src/sources/demo/picture.ts';
import { demoProgrammes } from '../../../src/sources/demo/guide.ts';

const context = { signal: new AbortController().signal, progress: () => {} };
const account = { id: 'a', sourceId: 's', loginKey: 'l', label: 'Demo', limit: null } as unknown as Account;

async function readAll() {
  const live: LiveItem[] = [];
  const movies: MovieItem[] = [];
  const series: SeriesItem[] = [];
  const summary = await new DemoReader().readCatalog(
    {
      live: (items) => void live.push(...items),
      movies: (items) => void movies.push(...items),
      series: (items) => void series.push(...items),
      reject: () => expect.fail('the demo rejects nothing'),
    },
    context,
  );
  return { live, movies, series, summary };
}

describe('the demo source', () => {
  it('has three channels, a movie and a series', async () => {
    const { live, movies, series, summary } = await readAll();
    expect(live.map(({ number }) => number)).to.deep.equal(['1', '2', '3']);
    expect(movies.length).to.equal(1);
    expect(series.length).to.equal(1);
    expect(summary).to.deep.equal({ live: 'complete', movies: 'complete', series: 'complete', problems: [] });
  });

  it('has logos that are short addresses of PNG files made when asked for', async () => {
    const { live } = await readAll();
    for (const { logo } of live) {
      const bytes = Buffer.from(demoPictureOf(logo ?? '')?.split('base64,')[1] ?? '', 'base64');
      expect(bytes.length).to.be.below(10_000);
      expect(bytes.subarray(1, 4).toString()).to.equal('PNG');
      const length = bytes.readUInt32BE(33);
      expect(bytes.toString('latin1', 37, 41)).to.equal('IDAT');
      expect(inflateSync(bytes.subarray(41, 41 + length)).length).to.equal(256 * (1 + 256 * 3));
    }
  });

  it('knows no picture of another address', () => {
    for (const address of ['demo:none/10x10', 'demo:bars', 'demo:bars/99999x1', 'http://h/demo:bars/1x1']) {
      expect(demoPictureOf(address), address).to.equal(null);
    }
  });

  it('names only clips that exist, and resolves them on any account', async () => {
    const { live, movies } = await readAll();
    const { items } = await new DemoReader().episodes('demo-series');
    const resolver = new DemoResolver([account]);
    for (const { locator } of [...live, ...movies, ...items]) {
      const request = resolver.resolve(locator);
      expect(request.kind).to.equal('demo');
      expect(clipNames).to.include(request.clip);
    }
    expect(items.map(({ season, episode }) => [season, episode])).to.deep.equal([
      [1, 1],
      [1, 2],
    ]);
  });

  it('has a guide for each channel', async () => {
    const channels: GuideChannel[] = [];
    const programmes: Programme[] = [];
    const sink = {
      channels: (found: readonly GuideChannel[]) => void channels.push(...found),
      programmes: (found: readonly Programme[]) => void programmes.push(...found),
      reject: () => {},
    };
    expect(await new DemoReader().readGuide(sink, context)).to.equal(true);
    expect(channels.map(({ id }) => id)).to.deep.equal(demoChannels.map(({ guideId }) => guideId));
    expect(new Set(programmes.map(({ guideId }) => guideId)).size).to.equal(3);
  });

  it('covers three days from the start of today without a gap', () => {
    const noon = Date.UTC(2026, 10, 21, 12) / 1000;
    for (const channel of demoChannels) {
      const list = demoProgrammes(channel, noon);
      expect(list[0]?.startUnix).to.equal(Date.UTC(2026, 10, 21) / 1000);
      expect(list.at(-1)?.stopUnix).to.equal(Date.UTC(2026, 10, 24) / 1000);
      list.slice(1).forEach(({ startUnix }, n) => expect(startUnix).to.equal(list[n]?.stopUnix));
      for (const { startUnix, stopUnix } of list) expect(stopUnix).to.be.above(startUnix);
    }
  });

  it('tells the same of a day whenever it is asked', () => {
    const day = Date.UTC(2026, 10, 22) / 1000;
    const [channel] = demoChannels;
    const ofDay = (nowUnix: number) =>
      demoProgrammes(channel!, nowUnix).filter(({ startUnix }) => startUnix >= day && startUnix < day + 86_400);
    expect(ofDay(day - 50_000)).to.deep.equal(ofDay(day + 70_000));
  });

  it('says that its login works', async () => {
    const [report] = await new DemoReader().test();
    expect(report?.ok).to.equal(true);
  });

  it('gives up when told to', async () => {
    const sink = { live: () => {}, movies: () => {}, series: () => {}, reject: () => {} };
    const error: unknown = await new DemoReader()
      .readCatalog(sink, { signal: AbortSignal.abort(), progress: () => {} })
      .catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'CANCELLED');
  });
});
