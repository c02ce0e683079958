import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { bytesPerSecond } from '../../src/catchup/bit-rate.ts';
import { Joint } from '../../src/catchup/joint.ts';
import { TimeLine, type TimeLineOptions } from '../../src/catchup/time-line.ts';
import { nullPid, packetSize, pcrOf, pidOf } from '../../src/mpegts/packet.ts';
import { LiveLoop } from '../support/fake-provider/live-loop.ts';
import { syntheticClip } from '../support/ts-builder.ts';

const lengthSec = 20;
const broadcastSec = 1_000;
const endSec = 30;
const aligned = (bytes: number): number => Math.floor(bytes / packetSize) * packetSize;

describe('the time line of an archive', () => {
  let folder = '';
  let loop: LiveLoop;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'coax-line-'));
    writeFileSync(join(folder, 'clip.ts'), syntheticClip(lengthSec * 1_000));
    loop = new LiveLoop({ path: join(folder, 'clip.ts'), seconds: lengthSec });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What the archive holds from one second of the programme to another. */
  const archive = (fromSec: number, toSec: number): Buffer =>
    loop.read(
      aligned((broadcastSec + fromSec) * loop.bytesPerSecond),
      aligned((toSec - fromSec) * loop.bytesPerSecond),
      1,
    );
  const lineOf = (more: Partial<TimeLineOptions> = {}): TimeLine =>
    new TimeLine({ clock: { base: null }, endSec, rate: 0, position: 0, size: null, ...more });
  /** Feeds a connection that brings so many bytes, in pieces of `step`. */
  const feed = (
    line: TimeLine,
    askedSec: number,
    bytes = Infinity,
    step = 40_000,
    wantSec = Math.max(0, line.mediaSec),
  ): Buffer => {
    line.begin({ askedSec, wantSec, start: 'key-frame' });
    const all = archive(askedSec, endSec + 5);
    const out: Buffer[] = [];
    const most = Math.min(bytes, all.length);
    for (let at = 0; at < most && !line.done; at += step)
      out.push(...line.push(all.subarray(at, Math.min(most, at + step))));
    return Buffer.concat(out);
  };
  const clocks = (bytes: Buffer): number[] => {
    const found: number[] = [];
    for (let at = 0; at + packetSize <= bytes.length; at += packetSize)
      if (pcrOf(bytes, at) >= 0) found.push(pcrOf(bytes, at) / 27e6);
    return found;
  };

  it('begins with tables at a key frame and ends with the programme', () => {
    const line = lineOf();
    const whole = feed(line, 0);
    expect(line.done).to.equal(true);
    expect(pidOf(whole, 0)).to.equal(0);
    const times = clocks(whole);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).to.be.closeTo(endSec, 3);
  });

  it('is the same byte by byte, wherever connections break and however their bytes come', () => {
    const whole = feed(lineOf(), 0);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 100, max: 200_000 }),
        (cuts, step) => {
          const line = lineOf();
          const parts = cuts.map((bytes) => feed(line, Math.max(0, Math.floor(line.mediaSec - 4)), bytes, step));
          parts.push(feed(line, Math.max(0, Math.floor(line.mediaSec - 4)), Infinity, step));
          expect(Buffer.concat(parts).equals(whole)).to.equal(true);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('completes its last picture on the next connection where the first ends with the programme', () => {
    const whole = feed(lineOf(), 0);
    for (let missing = -2; missing < 12; missing += 1) {
      const line = lineOf();
      const first = feed(line, 0, aligned(endSec * loop.bytesPerSecond) - missing * packetSize);
      const second = feed(line, Math.floor(line.mediaSec - 4));
      expect(Buffer.concat([first, second]).equals(whole), String(missing)).to.equal(true);
    }
  });

  it('keeps one clock where each connection has another', () => {
    const line = lineOf();
    const first = feed(line, 0, aligned(10 * loop.bytesPerSecond));
    line.begin({ askedSec: 6, wantSec: line.mediaSec, start: 'key-frame' });
    // The same time of the programme, as another clock tells it.
    const other = loop.read(aligned(5_000 * loop.bytesPerSecond), aligned(30 * loop.bytesPerSecond), 1);
    const second = Buffer.concat(line.push(other));
    const times = [...clocks(first), ...clocks(second)];
    for (const [index, time] of times.entries()) {
      const step = time - (times[index - 1] ?? time);
      expect(step).to.be.within(0, 3);
    }
    expect(line.done).to.equal(true);
  });

  it('is filled up so that the place of a byte tells its time, and has the length that was promised', () => {
    const rate = Math.ceil((loop.bytesPerSecond * 1.5) / packetSize) * packetSize;
    const size = rate * endSec;
    const line = lineOf({ rate, size });
    const bytes = Buffer.concat([feed(line, 0), ...line.rest()]);
    expect(bytes.length).to.equal(size);
    const [first = 0] = clocks(bytes);
    for (let at = 0; at + packetSize <= bytes.length; at += packetSize) {
      if (pcrOf(bytes, at) < 0) continue;
      const sec = pcrOf(bytes, at) / 27e6 - first;
      // A picture is more than the average: what is ahead of its time waits for the others.
      expect(at / rate).to.be.within(sec - 0.1, sec + 2);
    }
  });

  it('begins at any packet for a seek, with the tables before it', () => {
    const line = lineOf({ clock: { base: null } });
    line.begin({ askedSec: 10, wantSec: 12.5, start: 'anywhere' });
    const out = Buffer.concat(line.push(archive(10, 20)));
    expect(pidOf(out, 0)).to.equal(0);
    expect(line.mediaSec).to.be.closeTo(20, 0.5);
    expect((clocks(out).at(-1) ?? 0) - (clocks(out)[0] ?? 0)).to.be.closeTo(7.5, 0.5);
  });

  it('loses null packets and text of the provider', () => {
    const line = lineOf();
    line.begin({ askedSec: 0, wantSec: 0, start: 'key-frame' });
    const stuffed: Buffer[] = [Buffer.from('<br /><b>Warning</b>: no such thing')];
    const empty = Buffer.alloc(packetSize, 0xff);
    empty.set([0x47, 0x1f, 0xff, 0x10]);
    const media = archive(0, 5);
    for (let at = 0; at < media.length; at += packetSize) stuffed.push(media.subarray(at, at + packetSize), empty);
    const out = Buffer.concat(line.push(Buffer.concat(stuffed)));
    const plain = Buffer.concat(
      (() => {
        const other = lineOf();
        other.begin({ askedSec: 0, wantSec: 0, start: 'key-frame' });
        return other.push(media);
      })(),
    );
    for (let at = 0; at < out.length; at += packetSize) expect(pidOf(out, at)).to.not.equal(nullPid);
    expect(out.equals(plain)).to.equal(true);
  });

  it('tells its own rate, without null packets', () => {
    expect(bytesPerSecond(archive(0, 8))).to.be.within(loop.bytesPerSecond * 0.5, loop.bytesPerSecond * 1.05);
    expect(bytesPerSecond(Buffer.alloc(10_000))).to.equal(undefined);
  });

  it('gives what it gave last again to who asks from there', () => {
    const joint = new Joint({ clock: { base: null }, endSec, rate: 0, position: 1_000, size: null });
    expect(joint.reaches(1_000)).to.equal(true);
    joint.line.begin({ askedSec: 0, wantSec: 0, start: 'key-frame' });
    const given: Buffer[] = [];
    for (const piece of joint.line.push(archive(0, 4))) {
      joint.note(piece);
      given.push(piece);
    }
    const all = Buffer.concat(given);
    expect(joint.reaches(999)).to.equal(false);
    expect(joint.reaches(1_000 + all.length + 1)).to.equal(false);
    for (const from of [0, 1, 5_000, all.length]) {
      expect(joint.reaches(1_000 + from)).to.equal(true);
      expect(Buffer.concat(joint.since(1_000 + from)).equals(all.subarray(from))).to.equal(true);
    }
  });
});
