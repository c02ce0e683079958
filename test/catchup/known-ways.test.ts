import { expect } from 'chai';
import { KnownWays } from '../../src/catchup/known-ways.ts';
import { isOneLiveStream } from '../../src/catchup/live-check.ts';
import type { ArchiveWay } from '../../src/model/archive.ts';
import type { AccountId } from '../../src/model/ids.ts';
import { fakeTime } from '../support/fake-time.ts';

const account = 'a' as AccountId;
const ways = ['path-dash', 'path-seconds', 'query-sql'].map(
  (form): ArchiveWay => ({ form, request: { kind: 'http', urls: [], headers: {} }, startUnix: 0, durationSec: 60 }),
);
const order = (known: KnownWays, of = account): string[] => known.order(of, ways).map(({ form }) => form);

describe('the ways to an archive', () => {
  it('begin with the one that worked last on the account, for an hour', () => {
    const clock = fakeTime();
    try {
      const known = new KnownWays();
      expect(order(known)).to.deep.equal(['path-dash', 'path-seconds', 'query-sql']);
      const [, , last] = ways;
      if (last !== undefined) known.worked(account, last);
      expect(order(known)).to.deep.equal(['query-sql', 'path-dash', 'path-seconds']);
      expect(order(known, 'b' as AccountId)).to.deep.equal(['path-dash', 'path-seconds', 'query-sql']);
      clock.tick(3_600_001);
      expect(order(known)).to.deep.equal(['path-dash', 'path-seconds', 'query-sql']);
    } finally {
      clock.restore();
    }
  });

  it('are seen to be live TV when two questions for different times get one clock', () => {
    const pcr = 5_000 * 27e6;
    expect(isOneLiveStream({ pcr, atMs: 1_000 }, { pcr: pcr + 2 * 27e6, atMs: 3_000 })).to.equal(true);
    expect(isOneLiveStream({ pcr, atMs: 1_000 }, { pcr: pcr + 3_600 * 27e6, atMs: 3_000 })).to.equal(false);
    expect(isOneLiveStream({ pcr, atMs: 1_000 }, { pcr: pcr - 3_600 * 27e6, atMs: 3_000 })).to.equal(false);
  });
});
