import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { LeaseHolder } from '../../src/accounts/lease.ts';
import type { SessionId, ViewerKey } from '../../src/model/ids.ts';
import { Ring } from '../../src/relay/ring.ts';
import { Progress } from '../../src/transcode/progress.ts';
import { RingPipe } from '../../src/transcode/ring-pipe.ts';
import { TranscodeSlots } from '../../src/transcode/transcode-slots.ts';

describe('Progress', () => {
  it('takes what ffmpeg says of itself, and leaves its complaints', () => {
    const progress = new Progress();
    const lines = ['frame=120', 'fps=25.0', 'out_time=00:00:04.8', 'speed=1.02x', 'speed=N/A', 'progress=continue'];
    expect(lines.map((line) => progress.take(line))).to.deep.equal(lines.map(() => true));
    expect([progress.speed, progress.frames]).to.deep.equal([1.02, 120]);
    for (const line of ['Unknown encoder', '[h264 @ 0x1] error=1', 'x=1', ''])
      expect(progress.take(line)).to.equal(false);
  });
});

describe('RingPipe', () => {
  /** A program that takes what it is given only when told. */
  class Program extends Writable {
    readonly taken: string[] = [];
    #waiting: (() => void)[] = [];

    constructor() {
      super({ highWaterMark: 1 });
    }

    override _write(chunk: Buffer, _: string, done: () => void): void {
      this.taken.push(chunk.toString('latin1').slice(0, 2));
      this.#waiting.push(done);
    }

    async takes(): Promise<void> {
      for (let done = this.#waiting.shift(); done !== undefined; done = this.#waiting.shift()) {
        done();
        // oxlint-disable-next-line no-await-in-loop -- the next write comes in a later turn
        await new Promise(setImmediate);
      }
    }
  }

  const piece = (name: string, size = 188): Buffer => Buffer.alloc(size, name.padEnd(2, '.'));

  function push(ring: Ring, name: string, { key = false, size = 188 } = {}): void {
    if (key) ring.mark({ position: ring.end, atMs: performance.now(), tables: piece(`T${name}`), weak: false });
    ring.push(piece(name, size), performance.now());
  }

  it('begins with the tables and a key frame, and goes on with what comes', async () => {
    const ring = new Ring({ maxBytes: 1e9, maxMs: 1e9 });
    const program = new Program();
    const pipe = new RingPipe(ring, program, 0);
    push(ring, 'a');
    pipe.pump();
    push(ring, 'b', { key: true });
    push(ring, 'c');
    pipe.pump();
    push(ring, 'd');
    pipe.pump();
    await program.takes();
    expect(program.taken.join(' ')).to.equal('Tb b. c. d.');
    expect([pipe.bytes, pipe.skips]).to.deep.equal([188 * 4, 0]);
  });

  it('goes on at a key frame when a slow program has fallen out of the ring', async () => {
    const ring = new Ring({ maxBytes: 3_000_000, maxMs: 1e9 });
    const program = new Program();
    const pipe = new RingPipe(ring, program, 0);
    const large = { size: 1_000_000 };
    push(ring, 'a', { key: true, ...large });
    push(ring, 'b', large);
    pipe.pump();
    expect(pipe.isBlocked).to.equal(true);
    for (const name of ['c', 'd', 'e']) push(ring, name, large);
    push(ring, 'f', { key: true, ...large });
    push(ring, 'g', large);
    pipe.pump();
    await program.takes();
    expect(program.taken.join(' ')).to.equal('Ta a. b. Tf f. g.');
    expect(pipe.skips).to.equal(1);
  });

  it('writes nothing to a program that is gone', () => {
    const ring = new Ring({ maxBytes: 1e9, maxMs: 1e9 });
    const program = new Program();
    const pipe = new RingPipe(ring, program, 0);
    push(ring, 'a', { key: true });
    program.destroy();
    pipe.pump();
    expect(pipe.bytes).to.equal(0);
  });
});

describe('TranscodeSlots', () => {
  const viewer = (name: string) => ({ key: name as ViewerKey, label: name });

  function holder(name: string, viewers: readonly string[]) {
    const told: string[] = [];
    const made: LeaseHolder & { readonly told: string[]; end: () => void } = {
      told,
      sessionId: name as SessionId,
      end: () => {},
      isIdle: () => viewers.length === 0,
      isSoleViewer: ({ key }) => viewers.length > 0 && viewers.every((one) => one === key),
      yieldSlot: (reason) => {
        told.push(reason);
        made.end();
      },
    };
    return made;
  }

  const request = (who: string, by: LeaseHolder, signal = new AbortController().signal) =>
    ({ candidates: [], viewer: viewer(who), purpose: 'live', holder: by, signal }) as const;

  it('grants as many as there may be, and refuses the next with the number', async () => {
    const slots = new TranscodeSlots(() => 2);
    const leases = [
      await slots.acquire(request('v1', holder('a', ['v1']))),
      await slots.acquire(request('v2', holder('b', ['v2']))),
    ];
    const refused = await slots.acquire(request('v3', holder('c', ['v3']))).catch((error: unknown) => error);
    expect(refused)
      .to.include({ code: 'NO_CAPACITY' })
      .and.to.have.property('message')
      .which.matches(/^2 channels/);
    leases[0]?.end();
    await leases[0]?.released;
    expect(slots.running).to.equal(1);
    await slots.acquire(request('v3', holder('c', ['v3'])));
    expect(slots.running).to.equal(2);
  });

  for (const [how, viewers, reason] of [
    ['nobody watches', [], 'idle'],
    ['the same viewer leaves for this one', ['v1'], 'taken-over'],
  ] as const)
    it(`takes one that ${how}, once its child has ended`, async () => {
      const slots = new TranscodeSlots(() => 1);
      const old = holder('a', viewers);
      const lease = await slots.acquire(request('v1', old));
      old.end = () => lease.end();
      let closed = (): void => {};
      const child = {
        closed: false,
        once: (_: 'close', listener: () => void) => (closed = listener),
        destroy: () => {},
      };
      lease.connecting();
      lease.attach(child);
      let granted = false;
      const next = slots.acquire(request('v1', holder('b', ['v1']))).then((one) => {
        granted = true;
        return one;
      });
      await new Promise(setImmediate);
      expect(old.told).to.deep.equal([reason]);
      expect([granted, slots.running]).to.deep.equal([false, 1]);
      closed();
      await next;
      expect(slots.running).to.equal(1);
    });

  it('grants nothing where there may be none, or to who has gone', async () => {
    const off = new TranscodeSlots(() => 0);
    expect(await off.acquire(request('v1', holder('a', ['v1']))).catch((error: unknown) => String(error))).to.match(
      /off/,
    );
    const gone = new AbortController();
    gone.abort();
    const slots = new TranscodeSlots(() => 1);
    const refused = await slots
      .acquire(request('v1', holder('a', ['v1']), gone.signal))
      .catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'CANCELLED');
    expect(slots.running).to.equal(0);
  });
});
