import { expect } from 'chai';
import fc from 'fast-check';
import { packetSize } from '../../src/mpegts/packet.ts';
import { TsSync } from '../../src/mpegts/sync.ts';
import { syntheticClip } from '../support/ts-builder.ts';

const clip = syntheticClip(400, { bitRate: 800_000 });

/** The stream in packets of another length: `before` and `after` bytes around each. */
function widen(bytes: Buffer, before: number, after: number): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += packetSize) {
    parts.push(Buffer.alloc(before, 0x11), bytes.subarray(offset, offset + packetSize), Buffer.alloc(after, 0x22));
  }
  return Buffer.concat(parts);
}

function run(bytes: Buffer, cut: number): { sync: TsSync; out: Buffer } {
  const sync = new TsSync();
  const out: Buffer[] = [];
  for (let position = 0; position < bytes.length; position += cut) {
    for (const view of sync.push(bytes.subarray(position, position + cut))) {
      expect(view.length % packetSize).to.equal(0);
      out.push(view);
    }
  }
  return { sync, out: Buffer.concat(out) };
}

const text = '<br />\n<b>Warning</b>: Undefined index GGG in <b>/home/panel/timeshift.php</b><br />\n';

describe('TsSync', () => {
  for (const cut of [1, 100, 188, 1000, 65_536]) {
    it(`passes a stream in pieces of ${cut} bytes on unchanged`, () => {
      const { sync, out } = run(clip, cut);
      expect(out.equals(clip)).to.equal(true);
      expect(sync.losses).to.equal(0);
      expect(sync.skippedBytes).to.equal(0);
    });
  }

  it('hands out views, not copies', () => {
    const [view] = new TsSync().push(clip);
    expect(view?.buffer).to.equal(clip.buffer);
    expect(view?.byteOffset).to.equal(clip.byteOffset);
  });

  it('skips a text before the first packet', () => {
    const { sync, out } = run(Buffer.concat([Buffer.from(text), clip]), 333);
    expect(out.equals(clip)).to.equal(true);
    expect(sync.skippedBytes).to.equal(text.length);
  });

  for (const [stride, before, after] of [
    [192, 4, 0],
    [204, 0, 16],
  ] as const) {
    it(`cuts packets of ${stride} bytes down to 188`, () => {
      const { sync, out } = run(widen(clip, before, after), 1000);
      expect(sync.stride).to.equal(stride);
      expect(out.equals(clip)).to.equal(true);
      expect(sync.losses).to.equal(0);
    });
  }

  it('finds sync again after bytes were lost, and counts the loss', () => {
    const cut = 20 * packetSize + 50;
    const { sync, out } = run(Buffer.concat([clip.subarray(0, cut), clip.subarray(cut + 100)]), 700);
    expect(sync.losses).to.equal(1);
    expect(sync.locked).to.equal(true);
    expect(out.subarray(-20 * packetSize).equals(clip.subarray(-20 * packetSize))).to.equal(true);
  });

  it('finds nothing in text', () => {
    const { sync, out } = run(Buffer.from(text.repeat(200)), 500);
    expect(out.length).to.equal(0);
    expect(sync.locked).to.equal(false);
  });

  it('gives whole packets and finds the stream whatever comes before it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 700 }), (noise, cut) => {
        const { out, sync } = run(Buffer.concat([noise, clip]), cut);
        expect(sync.locked).to.equal(true);
        expect(out.subarray(-40 * packetSize).equals(clip.subarray(-40 * packetSize))).to.equal(true);
      }),
    );
  });
});
