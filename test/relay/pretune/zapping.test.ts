import { expect } from 'chai';
import type { ChannelId } from '../../../src/model/ids.ts';
import type { Beside, PlayableChannel } from '../../../src/model/playable.ts';
import { type Direction, directionTo, likelyNext } from '../../../src/relay/pretune/zapping.ts';

const channel = (name: string): PlayableChannel => ({ channelId: name as ChannelId, name, streams: [] });
const beside = (before: string[], after: string[]): Beside<PlayableChannel> => ({
  before: before.map(channel),
  after: after.map(channel),
});
const around = beside(['4', '3'], ['6', '7']);

describe('Zapping', () => {
  const moves: readonly (readonly [to: string, known: Direction, direction: Direction])[] = [
    ['6', null, 'after'],
    ['7', 'before', 'after'],
    ['4', 'after', 'before'],
    ['99', 'after', 'after'],
    ['99', null, null],
  ];
  for (const [to, known, direction] of moves)
    it(`from 5 to ${to} goes ${direction ?? 'nowhere'} when it went ${known ?? 'nowhere'} before`, () => {
      expect(directionTo(to as ChannelId, around, known)).to.equal(direction);
    });

  const guesses: readonly (readonly [Beside<PlayableChannel>, Direction, number, string[]])[] = [
    [around, null, 1, ['6']],
    [around, null, 2, ['6', '4']],
    [around, null, 3, ['6', '4', '7']],
    [around, 'after', 2, ['6', '7']],
    [around, 'before', 3, ['4', '3', '6']],
    [beside([], ['6']), 'before', 2, ['6']],
    [beside([], []), 'after', 2, []],
  ];
  for (const [from, direction, count, expected] of guesses)
    it(`leads ${direction ?? 'nowhere yet'}: the next ${count} are ${expected.join(', ') || 'none'}`, () => {
      expect(likelyNext(from, direction, count).map(({ name }) => name)).to.deep.equal(expected);
    });
});
