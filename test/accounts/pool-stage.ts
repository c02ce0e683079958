import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Lease, LeaseRequest } from '../../src/accounts/lease.ts';
import type { LeaseEvent } from '../../src/accounts/lease-events.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { LeasePoolOptions } from '../../src/accounts/lease-pool-options.ts';
import type { CoaxError } from '../../src/errors.ts';
import { type FakeSession, FakeSocket } from './fake-session.ts';

/** A pool on a fake clock, made anew for each test of the suite that calls this. */
export function stagePool(options: Partial<LeasePoolOptions> = {}) {
  const stage = {
    clock: undefined as unknown as SinonFakeTimers,
    pool: undefined as unknown as LeasePool,
    events: [] as LeaseEvent[],

    kinds: () => stage.events.map((event) => event.kind),
    view: (id = 'a') => stage.pool.snapshot().find((one) => one.id === id)!,

    /** Takes a lease and opens a socket on it. */
    async tune(session: FakeSession, on: readonly string[] = ['a'], socket = new FakeSocket()) {
      const lease = await stage.pool.acquire(session.request(on));
      session.lease = lease;
      lease.connecting();
      lease.attach(socket);
      lease.report('accepted');
      return { lease, socket };
    },

    /** Starts a request; the result tells what has come of it. */
    ask(request: LeaseRequest) {
      const result: { lease?: Lease; code?: string; error?: CoaxError } = {};
      stage.pool.acquire(request).then(
        (lease) => {
          result.lease = lease;
          (request.holder as FakeSession).lease = lease;
        },
        (error: CoaxError) => {
          result.code = error.code;
          result.error = error;
        },
      );
      return result;
    },
  };
  beforeEach(() => {
    stage.clock = useFakeTimers();
    stage.events = [];
    stage.pool = new LeasePool({
      waitMs: 12_000,
      coolingFloorMs: 50,
      coolingCapMs: 30_000,
      observe: (event) => stage.events.push(event),
      ...options,
    });
  });
  afterEach(() => stage.clock.restore());
  return stage;
}
