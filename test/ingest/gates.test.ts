import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { FarGate } from '../../src/ingest/far-gate.ts';
import { GateKeeper } from '../../src/ingest/gate-keeper.ts';
import { type WorkerMessage, workerMessageSchema, workerOrderSchema } from '../../src/ingest/worker-messages.ts';
import { Breakers } from '../../src/sources/breakers.ts';

describe('the circuit breakers of the main thread, asked by a worker', () => {
  const rules = { failures: 2, share: 0, openMs: 60_000, trials: 1 };

  /** A worker and its keeper, with everything that goes between them checked as at the border. */
  function worker(breakers: Breakers): { readonly gate: FarGate; readonly keeper: GateKeeper } {
    const gate = new FarGate((message) => {
      const checked: WorkerMessage = workerMessageSchema.parse(structuredClone(message));
      if (checked.type === 'enter' || checked.type === 'left') keeper.handle(checked);
    });
    const keeper = new GateKeeper(breakers.gate('list'), (order) => {
      const checked = workerOrderSchema.parse(structuredClone(order));
      if (checked.type === 'gate') gate.answered(checked);
    });
    return { gate, keeper };
  }

  it('are the same for all workers', async () => {
    const breakers = new Breakers({ rules: () => rules });
    const [one, two] = [worker(breakers), worker(breakers)];
    (await one.gate.enter({ host: 'a:80' })).failed();
    (await two.gate.enter({ host: 'a:80' })).failed();
    await new Promise(setImmediate);
    const refused = await one.gate.enter({ host: 'a:80' }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(CoaxError).that.includes({ code: 'SOURCE_BREAKER_OPEN' });
    expect(refused).to.have.property('retryAfterMs').that.is.above(0);
    (await two.gate.enter({ host: 'b:80', via: 'p:1', insists: true })).worked();
    expect(breakers.list().map(({ id, state }) => `${id} ${state}`)).to.deep.equal([
      'list:a:80 open',
      'list:b:80~p:1 closed',
    ]);
  });

  it('wait for nobody who is gone', async () => {
    const breakers = new Breakers({ rules: () => rules });
    const { gate, keeper } = worker(breakers);
    await gate.enter({ host: 'a:80' });
    expect(breakers.list()[0]?.trying).to.equal(1);
    keeper.close();
    expect(breakers.list()[0]).to.include({ trying: 0, failures: 0 });
  });
});
