import fc from 'fast-check';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { step } from './pool-steps.ts';
import { PoolWorld } from './pool-world.ts';

describe('the lease pool, whatever happens in whatever order', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    });
  });
  afterEach(() => clock.restore());

  it('keeps sockets ≤ leases ≤ limit, ends every waiter once, releases only after the close, and comes to rest (I1 to I7)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        clock.reset();
        const world = new PoolWorld(clock);
        for (const one of steps) await world.run(one);
        await world.quiesce();
      }),
      { numRuns: 400 },
    );
  });
});
