import type { ChannelId } from '../../model/ids.ts';
import type { Beside, PlayableChannel } from '../../model/playable.ts';

/** Which way a viewer zaps through the lineup; null while that is not known. */
export type Direction = 'after' | 'before' | null;

/** Which way a viewer has gone who came to `channel` from one with these neighbours; what was known before where it was a jump. */
export function directionTo(channel: ChannelId, from: Beside<PlayableChannel>, known: Direction): Direction {
  const leads = (side: readonly PlayableChannel[]): boolean => side.some(({ channelId }) => channelId === channel);
  if (leads(from.after)) return 'after';
  return leads(from.before) ? 'before' : known;
}

/** The channels a viewer will most likely want next, the likeliest first: onwards, or one on each side while no direction is known. */
export function likelyNext(
  { before, after }: Beside<PlayableChannel>,
  direction: Direction,
  count: number,
): readonly PlayableChannel[] {
  if (direction !== null) {
    const [onwards, back] = direction === 'after' ? [after, before] : [before, after];
    return [...onwards, ...back].slice(0, count);
  }
  const inTurn = Array.from({ length: Math.max(before.length, after.length) }, (_, n) => [after[n], before[n]]);
  return inTurn
    .flat()
    .filter((channel) => channel !== undefined)
    .slice(0, count);
}
