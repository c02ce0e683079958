import { expect } from 'chai';
import sinon from 'sinon';
import { TempCatalog } from './temp-catalog.ts';

describe('WriteQueue', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => clock.restore());

  const bump = "UPDATE counter SET value = value + 1 WHERE name = 'guide'";

  it('writes at once while the file is free', () => {
    using temp = new TempCatalog();
    const { guide } = temp.catalog.generation;
    void temp.catalog.submit((database) => database.exec(bump));
    expect(temp.catalog.generation.guide).to.equal(guide + 1);
  });

  it('waits on a timer, not in the event loop, while the worker writes', async () => {
    using temp = new TempCatalog();
    temp.worker.exec('BEGIN IMMEDIATE');
    const order: string[] = [];
    const begun = performance.now();
    const first = temp.catalog.submit(() => order.push('first'));
    const second = temp.catalog.submit(() => order.push('second'));
    expect(performance.now() - begun).to.be.below(1_000);
    await clock.tickAsync(500);
    expect(order).to.deep.equal([]);
    temp.worker.exec('COMMIT');
    await clock.tickAsync(50);
    await Promise.all([first, second]);
    expect(order).to.deep.equal(['first', 'second']);
  });

  it('passes on what a write throws, and goes on with the next', async () => {
    using temp = new TempCatalog();
    const failing = temp.catalog.submit(() => {
      throw new RangeError('no');
    });
    const next = temp.catalog.submit(() => 'yes');
    expect(await failing.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
    expect(await next).to.equal('yes');
  });

  it('writes what still waits when it is closed, and takes no more', async () => {
    using temp = new TempCatalog();
    temp.worker.exec('BEGIN IMMEDIATE');
    const waiting = temp.catalog.submit((database) => database.exec(bump));
    temp.worker.exec('COMMIT');
    temp.catalog.close();
    await waiting;
    const late = await temp.catalog.submit(() => 'late').catch((error: { code: string }) => error.code);
    expect(late).to.equal('SHUTTING_DOWN');
  });
});
