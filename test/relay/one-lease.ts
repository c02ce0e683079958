import type { Lease } from '../../src/accounts/lease.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { AccountId, LoginKey, SessionId, SourceId, ViewerKey } from '../../src/model/ids.ts';
import type { Upstream } from '../../src/relay/upstream.ts';

const accountId = 'a1' as AccountId;

/** A pool of one account with one connection. */
export function oneAccountPool(coolingCapMs = 0): LeasePool {
  const pool = new LeasePool({ waitMs: 1_000, coolingFloorMs: 0, coolingCapMs });
  pool.setAccounts([{ id: accountId, sourceId: 's1' as SourceId, loginKey: 'l1' as LoginKey, label: 'a1', limit: 1 }]);
  return pool;
}

/** The lease of that account. */
export async function takeLease(pool: LeasePool, signal = new AbortController().signal): Promise<Lease> {
  return pool.acquire({
    candidates: [accountId],
    viewer: { key: 'v' as ViewerKey, label: 'v' },
    purpose: 'live',
    holder: { sessionId: 's' as SessionId, isIdle: () => false, isSoleViewer: () => false, yieldSlot: () => {} },
    signal,
  });
}

/** A lease made anew for each test of the suite that calls this; what a test notes as opened is destroyed after it. */
export function stageLease() {
  const stage = { lease: undefined as unknown as Lease, opened: [] as Upstream[] };
  let pool: LeasePool;
  beforeEach(async () => {
    pool = oneAccountPool();
    stage.lease = await takeLease(pool);
  });
  afterEach(async () => {
    for (const upstream of stage.opened.splice(0)) upstream.destroy();
    stage.lease.end();
    await stage.lease.released;
    await pool.stop();
  });
  return stage;
}
