import { expect } from 'chai';
import sinon from 'sinon';
import { backoffMs, defaultRetryPolicy, parseRetryAfter, waitFor } from '../../src/sources/retry-delay.ts';

describe('waiting between attempts', () => {
  it('doubles, with jitter over the upper half, and never exceeds a minute', () => {
    const low = [1, 2, 3, 7, 40].map((attempt) => backoffMs(attempt, defaultRetryPolicy, 0));
    const high = [1, 2, 3, 7, 40].map((attempt) => backoffMs(attempt, defaultRetryPolicy, 1));
    expect(low).to.deep.equal([500, 1_000, 2_000, 30_000, 30_000]);
    expect(high).to.deep.equal([1_000, 2_000, 4_000, 60_000, 60_000]);
  });

  const now = Date.parse('2026-01-01T00:00:00Z');
  for (const [value, expected] of [
    ['30', 30_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
    [['5'], undefined],
  ] as const) {
    it(`reads Retry-After ${JSON.stringify(value)} as ${expected ?? 'nothing'}`, () => {
      expect(parseRetryAfter(value, now)).to.equal(expected);
    });
  }

  it('ends a wait at once when it is given up, and leaves no timer', async () => {
    const clock = sinon.useFakeTimers();
    try {
      const stop = new AbortController();
      const waiting = waitFor(60_000, stop.signal).then(
        () => 'waited',
        () => 'gave up',
      );
      stop.abort();
      expect(await waiting).to.equal('gave up');
      expect(clock.countTimers()).to.equal(0);
    } finally {
      clock.restore();
    }
  });
});
