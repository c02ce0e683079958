import { expect } from 'chai';
import sinon from 'sinon';
import { ChunkJoiner } from '../../src/relay/chunk-joiner.ts';
import { FanOut, type Pumped } from '../../src/relay/fan-out.ts';

function crowd(count: number): { readonly consumers: Set<Pumped>; readonly pumps: number[] } {
  const pumps: number[] = [];
  const consumers = new Set<Pumped>(Array.from({ length: count }, (_, n) => ({ pump: () => pumps.push(n) })));
  return { consumers, pumps };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('FanOut', () => {
  it('serves the first 200 at once and the others in later turns', async () => {
    const { consumers, pumps } = crowd(450);
    new FanOut(consumers).wake();
    expect(pumps).to.have.length(200);
    await turn();
    expect(pumps).to.have.length(400);
    await turn();
    expect(pumps).to.deep.equal(Array.from({ length: 450 }, (_, n) => n));
  });

  it('makes one more pass when the ring has grown meanwhile', async () => {
    const { consumers, pumps } = crowd(250);
    const fanOut = new FanOut(consumers);
    fanOut.wake();
    fanOut.wake();
    fanOut.wake();
    for (let n = 0; n < 4; n++) await turn();
    expect(pumps).to.have.length(500);
  });

  it('goes on when consumers leave or come during a pass', async () => {
    const { consumers, pumps } = crowd(250);
    new FanOut(consumers).wake();
    for (const consumer of [...consumers].slice(240)) consumers.delete(consumer);
    consumers.add({ pump: () => pumps.push(999) });
    await turn();
    expect(pumps.slice(-2)).to.deep.equal([239, 999]);
  });
});

describe('ChunkJoiner', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });
  afterEach(() => clock.restore());

  function joiner(consumers: number, hurry = false): { readonly joiner: ChunkJoiner; readonly out: Buffer[] } {
    const out: Buffer[] = [];
    const options = { out: (chunk: Buffer) => out.push(chunk), consumers: () => consumers, hurry: () => hurry };
    return { joiner: new ChunkJoiner(options), out };
  }

  it('passes each chunk on at once, uncopied, while there are few consumers', () => {
    const { joiner: few, out } = joiner(32);
    const chunk = Buffer.alloc(1_880);
    few.add(chunk);
    few.settle();
    expect(out).to.have.length(1);
    expect(out[0]).to.equal(chunk);
  });

  it('joins up to 64 KiB while there are many', () => {
    const { joiner: many, out } = joiner(33);
    for (let n = 0; n < 4; n++) {
      many.add(Buffer.alloc(18_800, n));
      many.settle();
    }
    expect(out.map(({ length }) => length)).to.deep.equal([75_200]);
  });

  it('holds nothing back for more than 100 ms', () => {
    const { joiner: many, out } = joiner(33);
    many.add(Buffer.alloc(188));
    many.settle();
    clock.tick(99);
    expect(out).to.have.length(0);
    clock.tick(1);
    expect(out).to.have.length(1);
    expect(clock.countTimers()).to.equal(0);
  });

  it('holds nothing back while somebody waits for the first picture', () => {
    const { joiner: many, out } = joiner(33, true);
    many.add(Buffer.alloc(188));
    many.settle();
    expect(out).to.have.length(1);
  });
});
