import { Generation } from '../../src/relay/generation.ts';
import { Seam } from '../../src/relay/seam.ts';
import { Sink } from './sink.ts';

/** What players get when each clip is one connection of a provider; the first goes out as it came. */
export function joined(...clips: readonly Buffer[]): Sink {
  const sink = new Sink();
  const seam = new Seam(() => [...sink.entries.slice(0, 1).map(({ tables }) => tables), ...sink.out]);
  clips.forEach((clip, n) => {
    const generation = new Generation(sink, () => (n === 0 ? null : seam));
    for (let at = 0; at < clip.length; at += 10_000) generation.push(Buffer.from(clip.subarray(at, at + 10_000)), 0);
    generation.finish();
  });
  return sink;
}
