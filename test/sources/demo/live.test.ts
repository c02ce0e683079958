import { expect } from 'chai';
import sinon from 'sinon';
import { loadClip } from '../../../src/sources/demo/clips.ts';
import { demoLive } from '../../../src/sources/demo/live.ts';

describe('demoLive', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    clock.restore();
  });

  const loop = loadClip('pattern');
  /** Readable works with process.nextTick, which stays real. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  function start() {
    const abort = new AbortController();
    const stream = demoLive(loop, { signal: abort.signal, burstMs: 3000, tickMs: 40 });
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    return { abort, stream, bytes: () => Buffer.concat(parts) };
  }

  async function pass(ms: number): Promise<void> {
    for (let n = 0; n < ms; n += 40) {
      clock.tick(40);
      await settle();
    }
  }

  it('sends a burst at once and then goes on in real time', async () => {
    const { abort, bytes } = start();
    await settle();
    expect(bytes().equals(loop.read(0, 3000))).to.equal(true);
    await pass(4000);
    expect(bytes().equals(loop.read(0, 7000))).to.equal(true);
    abort.abort();
  });

  it('does not drift when timers are late', async () => {
    const { abort, bytes } = start();
    await settle();
    for (let n = 0; n < 20; n++) {
      clock.tick(137);
      await settle();
    }
    await pass(40);
    const due = loop.packetsUntil(3000 + 20 * 137 + 40) * 188;
    expect(bytes().length).to.be.within(due - loop.packetsUntil(80) * 188, due);
    abort.abort();
  });

  it('gives a reader that paused what it missed', async () => {
    const { abort, stream, bytes } = start();
    await settle();
    stream.pause();
    await pass(30_000);
    stream.resume();
    for (let n = 0; n < 20; n++) await settle();
    await pass(40);
    expect(bytes().length).to.be.within(loop.packetsUntil(32_900) * 188, loop.packetsUntil(33_200) * 188);
    expect(bytes().equals(loop.packets(0, bytes().length / 188))).to.equal(true);
    abort.abort();
  });

  it('stops at once, without an error and without a timer left', async () => {
    const { abort, stream } = start();
    const events: string[] = [];
    stream.on('error', () => events.push('error')).on('close', () => events.push('close'));
    await settle();
    abort.abort();
    expect(stream.destroyed).to.equal(true);
    expect(clock.countTimers()).to.equal(0);
    await settle();
    expect(events).to.deep.equal(['close']);
  });

  it('never starts after an abort', async () => {
    const stream = demoLive(loop, { signal: AbortSignal.abort() });
    stream.resume();
    await settle();
    expect(stream.destroyed).to.equal(true);
    expect(clock.countTimers()).to.equal(0);
  });
});
