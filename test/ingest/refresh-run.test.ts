import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settingsSchema } from '../../src/config/settings-schema.ts';
import { CoaxError } from '../../src/errors.ts';
import { Guide } from '../../src/guide/guide.ts';
import { runRefresh } from '../../src/ingest/refresh-run.ts';
import { home, live, movie, programme, series } from '../catalog/items.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';
import { type FakeProvider, fakeReader, programmes } from './fake-reader.ts';

const settings = settingsSchema.parse({}).ingest;
const now = 1_800_000_000_000;
const today = Math.floor(now / 86_400_000) * 86_400;

function refresh(temp: TempCatalog, provider: FakeProvider, { at = now, signal = new AbortController().signal } = {}) {
  return runRefresh({
    database: temp.worker,
    stagingPath: join(temp.folder, 'staging.db'),
    sourceId: home,
    reader: fakeReader(provider),
    settings,
    signal,
    progress: () => {},
    now: at,
  });
}

const many = (count: number) => Array.from({ length: count }, (_, index) => live(`Channel ${index}`));
const total = (temp: TempCatalog) => temp.catalog.channels.list({ limit: 1 }).total;
const stateOf = (temp: TempCatalog, part: string) =>
  temp.catalog.sourceState(home).parts.find((one) => one.part === part);

describe('runRefresh', () => {
  it('publishes channels, movies, series and the guide, and says how many', async () => {
    using temp = new TempCatalog();
    const outcome = await refresh(temp, {
      live: [live('A', { guideId: 'a' })],
      movies: [movie('M')],
      series: [series('S')],
      programmes: programmes('a', today, 4),
      rejects: 250,
    });
    expect(outcome.counts).to.deep.equal({ channels: 1, movies: 1, series: 1, programmes: 4 });
    expect([outcome.published, outcome.problems, outcome.rejects.length, outcome.rejectCount]).to.deep.equal([
      true,
      [],
      200,
      250,
    ]);
    expect(stateOf(temp, 'live')).to.deep.include({ count: 1, rejects: 250, lastSuccessAt: now, error: null });
    expect(temp.catalog.sourceState(home).logins).to.deep.equal([{ ok: true, message: 'The login works' }]);
    expect(existsSync(join(temp.folder, 'staging.db'))).to.equal(false);
  });

  it('tells by the lists whether a login works that nothing else can tell', async () => {
    using temp = new TempCatalog();
    await refresh(temp, { logins: null, live: [live('A')] });
    expect(temp.catalog.sourceState(home).logins).to.deep.equal([{ ok: true, message: 'The playlist can be read' }]);
    const refused = {
      logins: null,
      beforeEnd: () => {
        throw new CoaxError('SOURCE_LOGIN_REFUSED', 'The provider answered HTTP 401');
      },
    };
    await refresh(temp, refused).catch(() => {});
    expect(temp.catalog.sourceState(home).logins).to.deep.equal([
      { ok: false, code: 'SOURCE_LOGIN_REFUSED', message: 'The provider answered HTTP 401' },
    ]);
  });

  it('changes nothing when the same comes again, also some hours later', async () => {
    using temp = new TempCatalog();
    const provider = {
      live: [live('A', { guideId: 'a' })],
      movies: [movie('M')],
      programmes: programmes('a', today, 4),
    };
    await refresh(temp, provider);
    const before = [temp.catalog.generation, temp.catalog.channels.list({}), temp.catalog.movies.list({})];
    await refresh(temp, provider, { at: now + 60_000 });
    expect([temp.catalog.generation, temp.catalog.channels.list({}), temp.catalog.movies.list({})]).to.deep.equal(
      before,
    );
  });

  for (const [what, provider, code] of [
    ['failed', { live: [], summary: { live: 'failed' } }, 'SOURCE_UNREACHABLE'],
    ['was empty', { live: [] }, 'SOURCE_EMPTY'],
    ['has collapsed', { live: many(3) }, 'SOURCE_SHRUNK'],
  ] as const)
    it(`keeps the channels when the list ${what}, and says so`, async () => {
      using temp = new TempCatalog();
      await refresh(temp, { live: many(40) });
      const outcome = await refresh(temp, provider, { at: now + 1 });
      expect(total(temp)).to.equal(40);
      expect(outcome.problems.map((problem) => problem.code)).to.deep.equal([code]);
      expect(stateOf(temp, 'live')).to.deep.include({ count: 40, lastSuccessAt: now, lastFailureAt: now + 1 });
    });

  it('believes a collapsed list that comes twice', async () => {
    using temp = new TempCatalog();
    await refresh(temp, { live: many(40) });
    await refresh(temp, { live: many(3) });
    await refresh(temp, { live: many(3) });
    expect(total(temp)).to.equal(3);
    expect(stateOf(temp, 'live')?.error).to.equal(null);
  });

  it('publishes the parts that are whole beside one that failed', async () => {
    using temp = new TempCatalog();
    await refresh(temp, { live: many(40), movies: [movie('Old')] });
    const problem = { part: 'movies', code: 'SOURCE_NOT_A_LIST', message: 'The movies are HTML' } as const;
    const outcome = await refresh(temp, {
      live: many(41),
      movies: [],
      summary: { movies: 'failed', problems: [problem] },
    });
    expect([total(temp), temp.catalog.movies.list({}).total]).to.deep.equal([41, 1]);
    expect([outcome.published, outcome.problems]).to.deep.equal([true, [problem]]);
  });

  it('keeps all when the provider can not be read at all', async () => {
    using temp = new TempCatalog();
    await refresh(temp, { live: many(2) });
    const failing = refresh(temp, {
      beforeEnd: () => {
        throw new CoaxError('SOURCE_BUSY', 'The provider answers 503');
      },
    });
    expect(await failing.catch((error: CoaxError) => error.code)).to.equal('SOURCE_BUSY');
    expect([total(temp), stateOf(temp, 'live')?.error?.code]).to.deep.equal([2, 'SOURCE_BUSY']);
  });

  it('does not ask for lists when every login is refused', async () => {
    using temp = new TempCatalog();
    const refused = { ok: false, message: 'The provider refuses this login', code: 'SOURCE_LOGIN_REFUSED' };
    const failing = refresh(temp, { logins: [refused], live: many(2) });
    expect(await failing.catch((error: CoaxError) => error.code)).to.equal('SOURCE_LOGIN_REFUSED');
    expect([total(temp), temp.catalog.sourceState(home).logins]).to.deep.equal([0, [refused]]);
  });

  it('publishes nothing and blames nobody when it is cancelled', async () => {
    using temp = new TempCatalog();
    const controller = new AbortController();
    const failing = refresh(
      temp,
      {
        live: many(2),
        beforeEnd: () => {
          controller.abort();
          throw new Error('socket closed');
        },
      },
      { signal: controller.signal },
    );
    expect(await failing.catch((error: CoaxError) => error.code)).to.equal('CANCELLED');
    expect([total(temp), temp.catalog.sourceState(home).parts]).to.deep.equal([0, []]);
  });

  it('keeps the identities and overrides of channels that are renumbered, re-ordered and re-tokened', async () => {
    using temp = new TempCatalog();
    const list = many(30).map((item, index) => ({ ...item, providerId: String(index) }));
    await refresh(temp, { live: list });
    const before = temp.catalog.channels.list({}).items;
    const third = before[3];
    if (third === undefined) throw new Error('there are too few channels');
    await temp.catalog.channels.patch(third.id, { number: '3' });
    const moved = list.map((item, index) => ({
      ...item,
      providerId: String((index + 7) % 30),
      locator: { kind: 'url' as const, url: `http://provider/new-token/${index}` },
    }));
    await refresh(temp, { live: moved.toReversed() });
    const ids = (items: typeof before) => Object.fromEntries(items.map(({ id, name }) => [name, id]));
    expect(ids(temp.catalog.channels.list({}).items)).to.deep.equal(ids(before));
    expect(temp.catalog.channels.get(third.id)?.number).to.equal('3');
    expect(temp.catalog.channels.get(third.id)?.streams[0]?.locator).to.have.property('kind', 'url');
  });

  it('keeps the guide when the new one fails half way, is empty, or has collapsed', async () => {
    using temp = new TempCatalog();
    const channels = [live('A', { guideId: 'a' })];
    await refresh(temp, { live: channels, programmes: programmes('a', today, 40) });
    const before = temp.catalog.generation;
    const codes: unknown[] = [];
    for (const provider of [
      {
        programmes: programmes('a', today, 45),
        inGuide: () => {
          throw new CoaxError('SOURCE_TRUNCATED', 'The guide is cut short');
        },
      },
      { programmes: [] },
      { programmes: programmes('a', today, 2) },
    ]) {
      const outcome = await refresh(temp, { live: channels, ...provider });
      codes.push(outcome.problems[0]?.code, outcome.counts.programmes);
    }
    expect(codes).to.deep.equal(['SOURCE_TRUNCATED', 40, 'SOURCE_EMPTY', 40, 'SOURCE_SHRUNK', 40]);
    expect(temp.catalog.generation).to.deep.equal(before);
    const tables = temp.worker.sql("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'programme%'").get();
    expect({ ...tables }).to.deep.equal({ n: 1 });
  });

  it('keeps programmes of the window only, and those of channels that could be chosen later', async () => {
    using temp = new TempCatalog();
    const day = 86_400;
    await refresh(temp, {
      live: [live('A', { guideId: 'a' })],
      programmes: [
        programme('a', today - 3 * day, today - 3 * day + 60, 'long ago'),
        programme('a', today, today + 60, 'today'),
        programme('a', today + 20 * day, today + 20 * day + 60, 'far away'),
        programme('b', today, today + 60, 'another channel'),
      ],
    });
    const guide = new Guide(temp.catalog.feeds);
    const titles = (guideId: string) => {
      const channel = { ...temp.catalog.channels.list({}).items[0], guideId } as Parameters<Guide['guideIdOf']>[0];
      const found = guide.programmesOf([channel], today - 30 * day, today + 30 * day);
      return [...found.values()].flat().map(({ title }) => title);
    };
    expect([titles('a'), titles('b')]).to.deep.equal([['today'], ['another channel']]);
  });

  it('publishes the episodes that stand in the list, and keeps their ids', async () => {
    using temp = new TempCatalog();
    const episode = (number: number, providerId: string) => ({
      providerId,
      season: 1,
      episode: number,
      title: `Part ${number}`,
      ext: 'mkv',
      locator: { kind: 'url' as const, url: `http://provider/${providerId}` },
    });
    const seen: string[][] = [];
    for (const listed of [
      [episode(1, 'a'), episode(2, 'b')],
      [episode(2, 'x'), episode(1, 'y')],
    ]) {
      await refresh(temp, { series: [series('S')], listed: { 'id-S': listed } });
      const [known] = temp.catalog.series.list({}).items;
      if (known === undefined) throw new Error('there is no series');
      seen.push(temp.catalog.series.episodes(known.id, {}).items.map(({ id, title }) => `${id} ${title}`));
      expect(temp.catalog.series.needsEpisodes(known, now)).to.equal(false);
    }
    expect([seen[0]?.length, seen[0]]).to.deep.equal([2, seen[1]]);
  });

  it('shows a concurrent reader the old lineup or the new one, and nothing between', async () => {
    using temp = new TempCatalog();
    await refresh(temp, { live: many(30), programmes: programmes('a', today, 30) });
    const seen: number[] = [];
    const look = () => void seen.push(total(temp));
    await refresh(temp, { live: many(60), beforeEnd: look, programmes: programmes('a', today, 60), inGuide: look });
    expect(seen).to.deep.equal([30, 60]);
  });

  it('reads the guide alone: no login, no lists, and the channels stay', async () => {
    using temp = new TempCatalog();
    const provider = { live: [live('A', { guideId: 'a' })], programmes: programmes('a', today, 4) };
    await refresh(temp, provider);
    const asked: unknown[] = [];
    const reader = fakeReader({ programmes: programmes('a', today, 6) });
    const outcome = await runRefresh({
      database: temp.worker,
      stagingPath: join(temp.folder, 'staging.db'),
      sourceId: home,
      reader: {
        ...reader,
        test: () => Promise.reject(new Error('a login')),
        readCatalog: () => Promise.reject(new Error('lists')),
        readGuide: (sink, context, wanted) => {
          asked.push(context.logins);
          return reader.readGuide(sink, context, wanted);
        },
      },
      parts: 'guide',
      settings,
      signal: new AbortController().signal,
      progress: () => {},
      now: now + 1_000,
    });
    expect(outcome).to.deep.include({ published: true, counts: { programmes: 6 }, problems: [] });
    expect(asked).to.deep.equal([[{ ok: true, message: 'The login works' }]]);
    expect([total(temp), stateOf(temp, 'live')?.lastSuccessAt]).to.deep.equal([1, now]);
  });
});
