import { readFileSync } from 'node:fs';
import { CoaxError } from '../../errors.ts';
import { ClipLoop } from './clip-loop.ts';

/** Where the clips lie: beside this file, and in a bundle beside the bundle. */
const folder = new URL('./clips/', import.meta.url);

/** Names of the clips, as `DemoUpstreamRequest.clip` carries them. */
export const clipNames = ['pattern', 'colours', 'bars'] as const;
export type ClipName = (typeof clipNames)[number];

const loaded = new Map<string, ClipLoop>();

/** The endless stream of a clip. It is small, read once at its first use, and shared. Throws NO_STREAM when there is no such clip. */
export function loadClip(name: string): ClipLoop {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  if (!clipNames.some((each) => each === name)) throw new CoaxError('NO_STREAM', `There is no demo clip "${name}"`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(new URL(`${name}.mpegts`, folder));
  } catch (cause) {
    throw new CoaxError('NO_STREAM', `The demo clip "${name}" can not be read`, { cause });
  }
  const loop = new ClipLoop(bytes);
  loaded.set(name, loop);
  return loop;
}
