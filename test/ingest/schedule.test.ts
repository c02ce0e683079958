import { expect } from 'chai';
import { nextRefresh, type ScheduleFacts } from '../../src/ingest/schedule.ts';

const hour = 3_600_000;
const minute = 60_000;
const now = 1_000 * hour;
const facts: ScheduleFacts = {
  refreshHours: 12,
  lastSuccessAt: now - hour,
  lastFailureAt: null,
  failures: 0,
  errorCodes: [],
  startedAt: now - 2 * hour,
  now,
  random: 0,
};
const failing = { lastFailureAt: now, errorCodes: ['SOURCE_UNREACHABLE'] };

describe('nextRefresh', () => {
  for (const [what, change, expected] of [
    ['is never for a source that is refreshed by hand', { refreshHours: 0 }, null],
    ['is now for a source that never was', { lastSuccessAt: null }, now],
    ['is an interval after the last success', {}, now + 11 * hour],
    ['is a little later by its jitter', { random: 1 }, now + 11 * hour + 1.2 * hour],
    ['is soon after a first failure', { ...failing, failures: 1 }, now + 5 * minute],
    ['is later with each further failure', { ...failing, failures: 3 }, now + 45 * minute],
    ['is never later than the interval', { ...failing, failures: 30 }, now + 12 * hour],
    [
      'is an interval away when only a person can help',
      { lastFailureAt: now, errorCodes: ['SOURCE_EXPIRED'], failures: 1 },
      now + 12 * hour,
    ],
    [
      'is an interval away for a list that was held back',
      { lastFailureAt: now, errorCodes: ['SOURCE_SHRUNK'], failures: 1 },
      now + 12 * hour,
    ],
    ['forgets a failure before the last success', { ...failing, lastFailureAt: now - 2 * hour }, now + 11 * hour],
    [
      'is once, shortly after the start, for all that was missed',
      { lastSuccessAt: now - 100 * hour, startedAt: now, random: 0.5 },
      now + 30_000,
    ],
    ['has passed for one that is overdue', { lastSuccessAt: now - 13 * hour }, now - hour],
    ['is at most an interval away when the clock was set back', { lastSuccessAt: now + 900 * hour }, now + 12 * hour],
  ] as const satisfies readonly (readonly [string, Partial<ScheduleFacts>, number | null])[])
    it(what, () => {
      expect(nextRefresh({ ...facts, ...change })).to.equal(expected);
    });
});
