import { expect } from 'chai';
import fc from 'fast-check';
import { type BroadcastFacts, identify, type KnownBroadcast } from '../../src/guide/programme-identity.ts';

const channel = 'c1';
const minute = 60;
const begin = 1_795_219_200;

const published = (broadcasts: readonly BroadcastFacts[], before: readonly KnownBroadcast[] = []): KnownBroadcast[] => {
  const ids = identify(channel, broadcasts, before);
  return broadcasts.map((broadcast, index) => ({ ...broadcast, id: ids[index]! }));
};
const idByContent = (known: readonly KnownBroadcast[]): Map<string, string> =>
  new Map(known.map(({ title, key, id }) => [`${title} ${key}`, id]));

/** A schedule in order of start; titles repeat, as on any channel, episodes do not. */
const anySchedule = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 240 }),
      title: fc.constantFrom('News', 'Weather', 'Film', 'Show', 'Tatort', 'Ärzte'),
      key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    }),
    { maxLength: 60 },
  )
  .map((items) => {
    let startUnix = begin;
    return items.map(({ length, title, key }): BroadcastFacts => {
      const item = { startUnix, title, ...(key === undefined ? {} : { key }) };
      startUnix += length * minute;
      return item;
    });
  });

/** A schedule of which each title, or each episode of one series, is on once. */
const distinctSchedule = fc
  .array(fc.record({ length: fc.integer({ min: 5, max: 180 }), isEpisode: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((items) => {
    let startUnix = begin;
    return items.map(({ length, isEpisode }, index): BroadcastFacts => {
      const item = isEpisode ? { startUnix, title: 'Series', key: `e${index}` } : { startUnix, title: `Film ${index}` };
      startUnix += length * minute;
      return item;
    });
  });

describe('identify', () => {
  it('gives each broadcast of a channel an id of its own', () => {
    fc.assert(
      fc.property(anySchedule, anySchedule, (one, two) => {
        const first = published(one);
        expect(new Set(first.map(({ id }) => id)).size).to.equal(one.length);
        const second = published(two, first);
        expect(new Set(second.map(({ id }) => id)).size).to.equal(two.length);
      }),
    );
  });

  it('is deterministic, also on another machine without a generation before', () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        expect(published(schedule)).to.deep.equal(published(schedule));
      }),
    );
  });

  it('changes nothing when the same guide is published twice', () => {
    fc.assert(
      fc.property(anySchedule, anySchedule, (old, schedule) => {
        const once = published(schedule, published(old));
        expect(published(schedule, once)).to.deep.equal(once);
      }),
    );
  });

  it('keeps ids when the whole guide moves by up to an hour, there and back', () => {
    fc.assert(
      fc.property(distinctSchedule, fc.integer({ min: -60, max: 60 }), (schedule, shift) => {
        const before = published(schedule);
        const moved = schedule.map((item) => ({ ...item, startUnix: item.startUnix + shift * minute }));
        const after = published(moved, before);
        expect(after.map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
        expect(published(schedule, after)).to.deep.equal(before);
      }),
    );
  });

  it('keeps ids when each programme moves by a few minutes of its own', () => {
    fc.assert(
      fc.property(
        distinctSchedule,
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 60, maxLength: 60 }),
        (schedule, shifts) => {
          const before = published(schedule);
          const moved = schedule.map((item, index) => ({
            ...item,
            startUnix: item.startUnix + shifts[index]! * minute,
          }));
          expect(idByContent(published(moved, before))).to.deep.equal(idByContent(before));
        },
      ),
    );
  });

  it('keeps the ids of hourly programmes of one name that all move by less than half an hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: -29, max: 29 }), (count, shift) => {
        const news = Array.from({ length: count }, (_, hour) => ({
          startUnix: begin + hour * 60 * minute,
          title: 'News',
        }));
        const before = published(news);
        const moved = news.map((item) => ({ ...item, startUnix: item.startUnix + shift * minute }));
        expect(published(moved, before).map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
      }),
    );
  });

  it('keeps the ids of what is on again and again when the whole channel moves, also by exactly its length', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: -120, max: 120 }), (schedule, shift) => {
        const end = (schedule.at(-1)?.startUnix ?? begin) + 240 * minute;
        const all = [...schedule, { startUnix: end, title: 'Once' }, { startUnix: end + 3_600, title: 'Only' }];
        const anchored = all.filter(({ title, key }, at) =>
          all.every((other, index) => index === at || other.title !== title || other.key !== key),
        );
        const before = published(all);
        const after = published(
          all.map((item) => ({ ...item, startUnix: item.startUnix + shift * minute })),
          before,
        );
        expect(anchored.length).to.be.at.least(2);
        expect(after.map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
      }),
    );
  });

  it('keeps the ids of all others when programmes are taken out or put in', () => {
    fc.assert(
      fc.property(anySchedule, fc.func(fc.boolean()), fc.func(fc.boolean()), (schedule, inOne, inTwo) => {
        const before = published(schedule.filter((item) => inOne(item)));
        const after = published(
          schedule.filter((item) => inTwo(item)),
          before,
        );
        for (const { startUnix, id } of before) {
          const same = after.find((item) => item.startUnix === startUnix);
          if (same !== undefined) expect(same.id).to.equal(id);
        }
      }),
    );
  });

  it('keeps ids while the window slides along the guide', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 12 }), (schedule, step) => {
        const ids = new Map<number, string>();
        let before: readonly KnownBroadcast[] = [];
        for (let at = 0; at < schedule.length; at += step) {
          before = published(schedule.slice(at, at + 24), before);
          for (const { startUnix, id } of before) {
            expect(ids.get(startUnix) ?? id).to.equal(id);
            ids.set(startUnix, id);
          }
        }
      }),
    );
  });

  it('knows an episode by its key although its title was corrected', () => {
    const before = published([{ startUnix: begin, title: 'Tatrot', key: 'e7' }]);
    const [after] = published([{ startUnix: begin + 10 * minute, title: 'Tatort', key: 'e7' }], before);
    expect(after!.id).to.equal(before[0]!.id);
  });

  it('does not take the next episode in the same slot for the one before when both are there', () => {
    const before = published([
      { startUnix: begin, title: 'Friends', key: 'e1' },
      { startUnix: begin + 30 * minute, title: 'Friends', key: 'e2' },
    ]);
    const after = published(
      [
        { startUnix: begin + 30 * minute, title: 'Friends', key: 'e1' },
        { startUnix: begin + 60 * minute, title: 'Friends', key: 'e2' },
      ],
      before,
    );
    expect(after.map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
  });

  it('makes a new id for what comes more than three hours later', () => {
    const before = published([{ startUnix: begin, title: 'Film' }]);
    expect(published([{ startUnix: begin + 180 * minute, title: 'Film' }], before)[0]!.id).to.equal(before[0]!.id);
    expect(published([{ startUnix: begin + 181 * minute, title: 'Film' }], before)[0]!.id).to.not.equal(before[0]!.id);
  });

  it('gives no id twice although the generation before did', () => {
    const before = published([{ startUnix: begin, title: 'A' }]);
    const twice = [...before, { startUnix: begin + 60, title: 'B', id: before[0]!.id }];
    const after = published(
      [
        { startUnix: begin, title: 'A' },
        { startUnix: begin + 60, title: 'B' },
      ],
      twice,
    );
    expect(new Set(after.map(({ id }) => id)).size).to.equal(2);
  });

  it('gives the same title on two channels different ids', () => {
    const item = [{ startUnix: begin, title: 'A' }];
    expect(identify('c1', item, [])).to.not.deep.equal(identify('c2', item, []));
  });

  it('is quick with a channel that shows one title all the time, moved by a minute', () => {
    const all = Array.from({ length: 1_300 }, (_, at) => ({ startUnix: begin + at * 900, title: 'Shop' }));
    const before = published(all);
    const after = published(
      all.map((item) => ({ ...item, startUnix: item.startUnix + 60 })),
      before,
    );
    expect(after.map(({ id }) => id)).to.deep.equal(before.map(({ id }) => id));
  });
});
