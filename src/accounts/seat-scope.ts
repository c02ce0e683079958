import type { OutputId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';

/** Limits as they are configured; 0 is none. Read at each decision. */
export interface SeatLimits {
  /** For an output, whoever watches. */
  output(id: OutputId): number;
  /** For a user who was named, over all their devices; for a device where no user is known. */
  user(name: string | undefined): number;
}

/** Something that may watch only so much at a time. */
export interface SeatScope {
  readonly key: string;
  readonly kind: 'user' | 'device' | 'output';
  /** The beginning of a sentence. */
  readonly words: string;
  readonly limit: number | null;
}

const limitOf = (value: number): number | null => (value > 0 ? value : null);

/** Everything a request counts for. */
export function scopesOf(viewer: Viewer, output: OutputId, limits: SeatLimits): SeatScope[] {
  const { user, key } = viewer;
  const who: SeatScope =
    user === undefined
      ? { key: `device ${key}`, kind: 'device', words: 'This device', limit: limitOf(limits.user(undefined)) }
      : { key: `user ${user}`, kind: 'user', words: `The user "${user}"`, limit: limitOf(limits.user(user)) };
  return [
    who,
    { key: `output ${output}`, kind: 'output', words: 'This output', limit: limitOf(limits.output(output)) },
  ];
}

/** No limits. */
export const unlimitedSeats: SeatLimits = { output: () => 0, user: () => 0 };
