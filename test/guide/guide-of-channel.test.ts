import { expect } from 'chai';
import type { FeedChannel } from '../../src/catalog/feeds.ts';
import { FeedIndex, WantedGuides } from '../../src/guide/guide-of-channel.ts';
import type { GuideId } from '../../src/model/ids.ts';

const channels: readonly FeedChannel[] = (
  [
    ['bbc1.uk', ['BBC One', 'BBC 1']],
    ['BBC2.uk', ['BBC Two']],
    ['x', ['Twin']],
    ['y', ['Twin']],
    ['Case', []],
    ['case', []],
  ] as const
).map(([id, names], number) => ({ number, id: id as GuideId, names }));

const table = [
  ['the exact id', { guideId: 'bbc1.uk', name: 'whatever' }, 'bbc1.uk'],
  ['the id in another case', { guideId: 'bbc2.UK', name: 'whatever' }, 'BBC2.uk'],
  ['the exact id though two differ by case', { guideId: 'case', name: 'whatever' }, 'case'],
  ['no id that is two in another case', { guideId: 'CASE', name: 'whatever' }, null],
  ['its name, where its id leads nowhere', { guideId: 'gone', name: 'BBC  one' }, 'bbc1.uk'],
  ['any name of the guide channel', { guideId: null, name: 'bbc 1' }, 'bbc1.uk'],
  ['the name the guide is said to use, first', { guideId: null, guideName: 'BBC Two', name: 'BBC One' }, 'BBC2.uk'],
  ['no name that two channels have', { guideId: null, name: 'twin' }, null],
  ['nothing', { guideId: '', name: 'ITV' }, null],
] as const;

describe('FeedIndex', () => {
  const index = new FeedIndex(channels);
  for (const [what, channel, expected] of table)
    it(`finds a channel by ${what}`, () => {
      expect(index.find(channel)?.id ?? null).to.equal(expected);
    });
});

describe('WantedGuides', () => {
  it('wants all that could be found', () => {
    for (const [, channel, expected] of table) {
      const wanted = new WantedGuides();
      wanted.add(channel);
      const found = channels.find(({ id }) => id === expected);
      if (found !== undefined) expect(wanted.has(found.id, found.names)).to.equal(true);
    }
  });

  it('does not want what no channel asks for', () => {
    const wanted = new WantedGuides();
    wanted.add({ guideId: 'a', name: 'A' });
    expect(wanted.has('b', ['B'])).to.equal(false);
  });
});
