import { hash } from 'node:crypto';

/** What a broadcast is recognised by. */
export interface BroadcastFacts {
  readonly startUnix: number;
  readonly title: string;
  /** Names the episode or movie, the same for each of its broadcasts; absent when the guide does not tell. */
  readonly key?: string;
}

export interface KnownBroadcast extends BroadcastFacts {
  readonly id: string;
}

/** How far a broadcast may have moved and still be the same. */
const reachSec = 3 * 3_600;
/** Leaving one of two unmatched costs half of the reach, so that a pair within reach is never worse than none. */
const aloneSec = reachSec / 2;
/** A title that a guide repeats more often than some 2,000 times on a channel says nothing. */
const mostCells = 4_000_000;

const shown = ({ title, key }: BroadcastFacts): string => `${title}\0${key ?? ''}`;
const exactly = (facts: BroadcastFacts): string => `${facts.startUnix}\0${shown(facts)}`;
const slotOf = ({ startUnix, title }: BroadcastFacts): string => `${startUnix}\0${title}`;

/** A list of items by a key; those without one are left out. */
function groupsOf<Item>(items: Iterable<Item>, keyOf: (item: Item) => string | undefined): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Pairs of two lists in order of start such that the moves are least in sum; pairs never cross, as a guide moves programmes past each
 * other far less often than it moves them all. Dynamic programming over two short lists.
 */
function align<One extends BroadcastFacts, Other extends BroadcastFacts>(
  ones: readonly One[],
  others: readonly Other[],
): (readonly [One, Other])[] {
  const width = others.length + 1;
  if (ones.length * others.length > mostCells) return [];
  const costs = new Float64Array((ones.length + 1) * width);
  for (let at = 1; at <= ones.length; at++) costs[at * width] = at * aloneSec;
  for (let at = 1; at < width; at++) costs[at] = at * aloneSec;
  const cost = (row: number, column: number): number => costs[row * width + column] ?? 0;
  const moved = (row: number, column: number): number => {
    const distance = Math.abs((ones[row - 1]?.startUnix ?? 0) - (others[column - 1]?.startUnix ?? 0));
    return distance <= reachSec ? distance : Number.POSITIVE_INFINITY;
  };
  for (let row = 1; row <= ones.length; row++)
    for (let column = 1; column < width; column++)
      costs[row * width + column] = Math.min(
        cost(row - 1, column - 1) + moved(row, column),
        cost(row - 1, column) + aloneSec,
        cost(row, column - 1) + aloneSec,
      );
  const pairs: (readonly [One, Other])[] = [];
  for (let row = ones.length, column = others.length; row > 0 && column > 0; ) {
    const [one, other] = [ones[row - 1], others[column - 1]];
    if (
      one !== undefined &&
      other !== undefined &&
      cost(row, column) === cost(row - 1, column - 1) + moved(row, column)
    ) {
      pairs.push([one, other]);
      row--;
      column--;
    } else if (cost(row, column) === cost(row - 1, column) + aloneSec) row--;
    else column--;
  }
  return pairs;
}

/**
 * By how much the whole channel has moved, in seconds; 0 unless most of what is on once in both lists moved by the same. It tells apart what
 * is on again and again.
 */
function commonMove(broadcasts: readonly BroadcastFacts[], before: readonly BroadcastFacts[]): number {
  const olds = groupsOf(before, shown);
  const moves = new Map<number, number>();
  let anchors = 0;
  for (const [key, [one, ...more]] of groupsOf(broadcasts, shown)) {
    const [old, ...others] = olds.get(key) ?? [];
    if (one === undefined || old === undefined || more.length > 0 || others.length > 0) continue;
    const move = one.startUnix - old.startUnix;
    anchors++;
    moves.set(move, (moves.get(move) ?? 0) + 1);
  }
  const [most] = [...moves].sort(([, one], [, other]) => other - one);
  return most !== undefined && most[1] > anchors / 2 && Math.abs(most[0]) <= reachSec ? most[0] : 0;
}

/** A hash of where the broadcast was first seen: another machine with the same guide comes to the same id. */
function freshId(channelId: string, { startUnix, title }: BroadcastFacts, attempt: number): string {
  const place = attempt === 0 ? [channelId, startUnix, title] : [channelId, startUnix, title, attempt];
  return hash('sha256', JSON.stringify(place), 'hex').slice(0, 24);
}

/**
 * Ids for the broadcasts of a channel, in their order; `before` are those published last, with their ids. A broadcast keeps its id
 * while it is recognised: by start and title (moved by what the whole channel moved), else by what names its episode, else by title, the nearest within three hours. Each id
 * is given once. Both lists are in order of start.
 */
export function identify(
  channelId: string,
  broadcasts: readonly BroadcastFacts[],
  before: readonly KnownBroadcast[],
): readonly string[] {
  const found = new Map<BroadcastFacts, string>();
  const taken = new Set<string>();
  const open = new Set(broadcasts);
  const unused = new Set(before);
  const settle = (broadcast: BroadcastFacts, old: KnownBroadcast): void => {
    open.delete(broadcast);
    unused.delete(old);
    if (taken.has(old.id)) return;
    found.set(broadcast, old.id);
    taken.add(old.id);
  };
  const sameKey = (keyOf: (facts: BroadcastFacts) => string, move = 0): void => {
    if (open.size === 0 || unused.size === 0) return;
    const olds = groupsOf(unused, keyOf);
    for (const broadcast of open) {
      const old = olds.get(keyOf({ ...broadcast, startUnix: broadcast.startUnix - move }))?.shift();
      if (old !== undefined) settle(broadcast, old);
    }
  };
  const nearest = (keyOf: (facts: BroadcastFacts) => string | undefined): void => {
    if (open.size === 0 || unused.size === 0) return;
    const olds = groupsOf(unused, keyOf);
    for (const [key, ones] of groupsOf(open, keyOf))
      for (const [broadcast, old] of align(ones, olds.get(key) ?? [])) settle(broadcast, old);
  };
  sameKey(exactly, commonMove(broadcasts, before));
  nearest(({ key }) => key);
  sameKey(slotOf);
  nearest(({ title }) => title);
  return broadcasts.map((broadcast) => {
    const kept = found.get(broadcast);
    if (kept !== undefined) return kept;
    for (let attempt = 0; ; attempt++) {
      const id = freshId(channelId, broadcast, attempt);
      if (taken.has(id)) continue;
      taken.add(id);
      return id;
    }
  });
}
