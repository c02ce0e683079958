import { expect } from 'chai';
import fc from 'fast-check';
import { type Identifiable, isSimilarName, matchItems } from '../../src/ingest/identity.ts';

function item(key: string, name: string, guideId = '', group = ''): Identifiable {
  return { key, name, guideId, group };
}

const cases: readonly (readonly [
  what: string,
  known: readonly Identifiable[],
  fresh: readonly Identifiable[],
  expected: readonly (number | null)[],
])[] = [
  ['the same list', [item('1', 'A'), item('2', 'B')], [item('1', 'A'), item('2', 'B')], [0, 1]],
  ['another order', [item('1', 'A'), item('2', 'B')], [item('2', 'B'), item('1', 'A')], [1, 0]],
  ['ids swapped between channels', [item('1', 'A'), item('2', 'B')], [item('2', 'A'), item('1', 'B')], [0, 1]],
  [
    'ids shifted by a new channel in front',
    [item('1', 'A'), item('2', 'B'), item('3', 'C')],
    [item('1', 'New'), item('2', 'A'), item('3', 'B'), item('4', 'C')],
    [null, 0, 1, 2],
  ],
  ['a renamed channel', [item('1', 'A'), item('2', 'B')], [item('1', 'Other'), item('2', 'B')], [0, 1]],
  [
    'an id that was given to another channel',
    [item('1', 'BBC One', 'bbc1'), item('2', 'B', 'b')],
    [item('1', 'Eurosport', 'eurosport'), item('2', 'B', 'b')],
    [null, 1],
  ],
  [
    'a channel renamed and renumbered under its guide id',
    [item('1', 'BBC One', 'bbc1.uk'), item('2', 'B')],
    [item('8', 'BBC One HD', 'BBC1.uk'), item('2', 'B')],
    [0, 1],
  ],
  [
    'a shared guide id with other names',
    [item('1', 'Sport 1', 'dummy'), item('2', 'Film 1', 'dummy')],
    [item('8', 'Kids 1', 'dummy'), item('9', 'Music 1', 'dummy')],
    [null, null],
  ],
  [
    'one name in several groups',
    [item('1', 'News', '', 'UK'), item('2', 'News', '', 'US')],
    [item('2', 'News', '', 'UK'), item('1', 'News', '', 'US')],
    [0, 1],
  ],
  [
    'one name with several guide ids, renumbered',
    [item('1', 'News', 'a'), item('2', 'News', 'b')],
    [item('2', 'News', 'a'), item('3', 'News', 'b')],
    [0, 1],
  ],
  ['duplicates that nothing tells apart', [item('1', 'X'), item('1', 'X')], [item('1', 'X'), item('1', 'X')], [0, 1]],
  ['duplicates with new ids', [item('1', 'X'), item('2', 'X')], [item('8', 'X'), item('9', 'X')], [0, 1]],
  ['one duplicate less', [item('1', 'X'), item('2', 'X')], [item('2', 'X')], [1]],
  [
    'names made from ids, which were renumbered',
    [item('1', 'Stream 1', 'a'), item('2', 'Stream 2', 'b')],
    [item('2', 'Stream 2', 'a'), item('1', 'Stream 1', 'b')],
    [null, null],
  ],
  ['a name where there was none', [item('1', 'Stream 1'), item('2', 'B')], [item('1', 'CNN'), item('2', 'B')], [0, 1]],
  ['another case and more blanks', [item('1', 'Sky  News')], [item('7', 'SKY NEWS')], [0]],
  ['nothing known', [], [item('1', 'A')], [null]],
  ['nothing fresh', [item('1', 'A')], [], []],
];

describe('matchItems', () => {
  for (const [what, known, fresh, expected] of cases)
    it(`keeps channels apart and together for ${what}`, () => {
      expect(matchItems(known, fresh)).to.deep.equal(expected);
    });

  it('looks at vanished channels last, and wants more than an id to take them for returned', () => {
    const known = [item('1', 'A'), item('2', 'B'), item('3', 'C')];
    const fresh = [item('9', 'A'), item('2', 'Wholly different'), item('3', 'C')];
    expect(matchItems(known, fresh, (index) => index < 2)).to.deep.equal([0, null, 2]);
  });

  it('keeps 100,000 channels through a new order with new ids', function () {
    const known = Array.from({ length: 100_000 }, (_, index) =>
      item(String(index), `Channel ${index}`, `guide-${index % 5_000}`, `Group ${index % 50}`),
    );
    // 7,919 shares no factor with the length: every index comes once.
    const order = known.map((_, index) => (index * 7_919) % known.length);
    const fresh = order.map((index, at) => ({ ...(known[index] ?? item('', '')), key: String(at) }));
    expect(matchItems(known, fresh).every((index, at) => index === order[at])).to.equal(true);
  });

  const word = fc.constantFrom('News', 'Sport', 'Film', 'Kids', 'Music', 'HD', 'One', 'Two', 'Ünal', '');
  const anyItem = fc.record({
    key: fc.nat(8).map(String),
    name: fc.tuple(word, word).map((words) => words.join(' ').trim()),
    guideId: fc.constantFrom('', 'a', 'b', 'c'),
    group: fc.constantFrom('', 'UK', 'US'),
  });
  const anyList = fc.array(anyItem, { maxLength: 30 });

  it('never gives a known channel twice, whatever the lists', () => {
    fc.assert(
      fc.property(anyList, anyList, (known, fresh) => {
        const found = matchItems(known, fresh).filter((index) => index !== null);
        expect(new Set(found).size).to.equal(found.length);
        expect(found.every((index) => index >= 0 && index < known.length)).to.equal(true);
      }),
    );
  });

  it('changes nothing when the same list comes again', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        expect(matchItems(list, list)).to.deep.equal(list.map((_, index) => index));
      }),
    );
  });

  /** Lists in which name, guide id and group tell every channel from every other. */
  const distinct = fc.uniqueArray(
    anyItem.filter(({ name }) => name !== ''),
    {
      maxLength: 30,
      selector: ({ name, guideId, group }) => JSON.stringify([name, guideId, group]),
    },
  );

  it('keeps every channel through a new order', () => {
    fc.assert(
      fc.property(
        distinct.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys()], { minLength: list.length })),
        ),
        ([list, order]) => {
          const moved = order.map((index) => list[index] ?? item('', ''));
          const found = matchItems(list, moved);
          // Two entries that share id and name are one channel listed twice; either may be either.
          const same = (a: number | null, b: number | undefined) =>
            a === b || JSON.stringify(list[a ?? -1]) === JSON.stringify(list[b ?? -1]);
          expect(found.every((index, at) => same(index, order[at]))).to.equal(true);
        },
      ),
    );
  });

  it('keeps every channel when all ids are given anew, in another order', () => {
    fc.assert(
      fc.property(
        distinct.chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray([...list.keys()], { minLength: list.length }),
            fc.array(fc.nat(60).map(String), { minLength: list.length, maxLength: list.length }),
          ),
        ),
        ([list, order, keys]) => {
          // The ids in use before are among the new ones, beside other channels.
          const moved = order.map((index, at) => ({ ...(list[index] ?? item('', '')), key: keys[at] ?? '' }));
          const complete = list.every(({ guideId, group }) => guideId !== '' && group !== '');
          fc.pre(complete);
          expect(matchItems(list, moved)).to.deep.equal(order);
        },
      ),
    );
  });
});

describe('isSimilarName', () => {
  for (const [a, b, expected] of [
    ['bbc one', 'bbc one hd', true],
    ['sky sports f1', 'sky sport f1', true],
    ['cnn', 'eurosport', false],
    ['', 'x', false],
    ['a', 'b', false],
  ] as const)
    it(`says ${String(expected)} for "${a}" and "${b}"`, () => {
      expect(isSimilarName(a, b)).to.equal(expected);
    });
});
