import { expect } from 'chai';
import { setPcr } from '../../src/mpegts/packet.ts';
import { wrapPcr } from '../../src/mpegts/time.ts';
import { Pacer } from '../../src/relay/pacer.ts';

const frameMs = 40;
const options = { leadMs: 7_500, leadBytes: 16_777_216 };

/** The packets of one frame: a clock in the first, nothing of interest in the others. */
function frameOf(bitRate: number): Buffer {
  const frame = Buffer.alloc(188 * Math.round((bitRate * frameMs) / 8_000 / 188), 0xff);
  for (let at = 0; at < frame.length; at += 188) frame.set([0x47, 0x01, 0x00, 0x10], at);
  frame.set([0x30, 7, 0x10], 3);
  return frame;
}

/** Feeds a pacer frame by frame; `now` is the time on the wall. */
class Sender {
  readonly pacer: Pacer;
  now = 1_000;
  playedMs = 0;
  waitedMs = 0;
  longestWaitMs = 0;
  readonly #frame: Buffer;
  #pcr: number;

  constructor(pacer = new Pacer(options), bitRate = 400_000, pcr = 27_000_000) {
    this.pacer = pacer;
    this.#frame = frameOf(bitRate);
    this.#pcr = pcr;
  }

  /** Sends `ms` of the stream, at `speed` times its own; waits when it is told to. */
  send(ms: number, speed = Number.POSITIVE_INFINITY): this {
    for (let sent = 0; sent < ms; sent += frameMs) {
      this.now += frameMs / speed;
      this.playedMs += frameMs;
      setPcr(this.#frame, 0, this.#pcr);
      this.#pcr = wrapPcr(this.#pcr + frameMs * 27_000);
      this.pacer.note(this.#frame);
      const waitMs = this.pacer.waitMs(this.now);
      this.now += waitMs;
      this.waitedMs += waitMs;
      this.longestWaitMs = Math.max(this.longestWaitMs, waitMs);
    }
    return this;
  }
}

describe('Pacer', () => {
  it('lets a file through at the speed it plays, after what may be ahead', () => {
    const sender = new Sender().send(120_000);
    const aheadMs = sender.playedMs - (sender.now - 1_000);
    expect(aheadMs).to.be.within(7_300, 7_700);
    expect(sender.longestWaitMs).to.be.at.most(200);
  });

  it('never holds a stream that is live, nor one that begins with a backlog', () => {
    expect(new Sender().send(120_000, 1).waitedMs).to.equal(0);
    expect(new Sender().send(6_000).send(120_000, 1).waitedMs).to.equal(0);
  });

  it('never holds a live stream whose encoder runs fast, all day long', () => {
    expect(new Sender(undefined, 200_000).send(6 * 3_600_000, 1.0005).waitedMs).to.equal(0);
  });

  it('holds a backlog that is longer only until it is out, and by the part that is over', () => {
    const sender = new Sender().send(9_500);
    expect(sender.waitedMs).to.be.within(1_800, 2_300);
    expect(sender.send(60_000, 1).waitedMs).to.be.at.most(2_400);
  });

  it('lets come fast what was late', () => {
    const sender = new Sender().send(20_000, 1);
    sender.now += 9_000;
    expect(sender.send(9_000).send(20_000, 1).waitedMs).to.equal(0);
  });

  it('counts what one connection sent ahead when the next begins', () => {
    const first = new Sender().send(30_000);
    first.pacer.restart();
    const second = new Sender(first.pacer, 400_000, 2_700_000_000);
    second.now = first.now;
    second.send(30_000);
    expect(60_000 - (second.now - 1_000)).to.be.within(7_300, 7_700);
  });

  it('keeps less ahead of a stream that would fill the ring', () => {
    const sender = new Sender(new Pacer({ leadMs: 7_500, leadBytes: 250_000 }), 1_000_000).send(30_000);
    const aheadMs = sender.playedMs - (sender.now - 1_000);
    expect(aheadMs).to.be.within(1_700, 2_300);
  });

  it('takes a jump of the clock for what it is', () => {
    const sender = new Sender().send(5_000, 1);
    for (const pcr of [27_000_000, 2_570_000_000_000, 270_000_000]) {
      const next = new Sender(sender.pacer, 400_000, pcr);
      next.now = sender.now;
      expect(next.send(5_000, 1).waitedMs).to.equal(0);
      sender.now = next.now;
    }
  });

  it('knows nothing of a stream without a clock', () => {
    const pacer = new Pacer(options);
    const packet = Buffer.alloc(188, 0xff);
    packet.set([0x47, 0x01, 0x00, 0x10]);
    for (let n = 0; n < 1_000; n++) pacer.note(packet);
    expect(pacer.waitMs(1_000)).to.equal(0);
  });
});
