import { expect } from 'chai';
import { SeekBurst } from '../../src/vod/seek-burst.ts';

describe('SeekBurst', () => {
  const after = (times: readonly number[], now: number): number => {
    const burst = new SeekBurst();
    for (const time of times) burst.note(time);
    return burst.delayMs(now);
  };

  for (const [name, times, now, delay] of [
    ['nothing', [], 0, 0],
    ['a single seek', [1_000], 1_000, 0],
    ['the three requests of a probe', [0, 150, 300], 300, 0],
    ['seeks a person makes', [0, 400, 800, 1_200, 1_600, 2_000], 2_000, 0],
    ['the fifth of a storm', [0, 50, 100, 150, 200], 200, 120],
    ['a storm that has just ended', [0, 50, 100, 150, 200], 280, 40],
    ['a storm that is over', [0, 50, 100, 150, 200], 400, 0],
  ] as const) {
    it(`waits ${delay} ms after ${name}`, () => {
      expect(after(times, now)).to.equal(delay);
    });
  }
});
