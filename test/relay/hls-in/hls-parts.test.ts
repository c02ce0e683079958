import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { CoaxError } from '../../../src/errors.ts';
import { AesSegment, sequenceIv } from '../../../src/relay/hls-in/aes-segment.ts';
import { Outbox } from '../../../src/relay/hls-in/outbox.ts';
import { kindOf } from '../../../src/relay/hls-in/segment-kind.ts';
import { anyVariant, orderVariants } from '../../../src/relay/hls-in/variant-choice.ts';
import { readHlsPlaylist } from '../../../src/text/hls-playlist.ts';
import { fakeTime } from '../../support/fake-time.ts';
import { adtsFrame } from '../../support/ts-builder.ts';
import { segments } from './hls-rig.ts';

const key = Buffer.alloc(16, 3);

/** Cut at these places, which count from the last one. */
function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...out, bytes.subarray(at)];
}

describe('An encrypted segment', () => {
  it('is the same in clear, however its bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(40)), fc.nat(1e6), (clear, sizes, sequence) => {
        const cipher = createCipheriv('aes-128-cbc', key, sequenceIv(sequence));
        const packed = Buffer.concat([cipher.update(clear), cipher.final()]);
        const segment = new AesSegment(key, sequenceIv(sequence));
        const out = cutUp(packed, sizes).map((part) => segment.push(part));
        expect(Buffer.concat([...out, segment.end()]).equals(Buffer.from(clear))).to.equal(true);
      }),
    );
  });

  it('keeps its last block where that is no padding', () => {
    const cipher = createCipheriv('aes-128-cbc', key, sequenceIv(1)).setAutoPadding(false);
    const packed = Buffer.concat([cipher.update(Buffer.alloc(32, 0xab)), cipher.final()]);
    const segment = new AesSegment(key, sequenceIv(1));
    expect(Buffer.concat([segment.push(packed), segment.end()]).length).to.equal(32);
  });
});

describe('The kind of a segment', () => {
  const ts = segments(1)[0]?.subarray(0, 188 * 8) ?? Buffer.alloc(0);
  const table: readonly (readonly [string, Buffer, boolean, string])[] = [
    ['packets', ts, false, 'ts'],
    [
      'packets behind a picture',
      Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(9_000, 1), ts]),
      false,
      'ts',
    ],
    ['the beginning of a picture', Buffer.from('89504e470d0a1a0a00', 'hex'), false, 'more'],
    ['a picture', Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(5_000, 1)]), true, 'unknown'],
    ['a fragment', Buffer.from('0000001c6d6f6f66', 'hex'), false, 'fmp4'],
    ['ADTS', adtsFrame(2_000), false, 'packed'],
    ['a short piece of ADTS', adtsFrame(10), true, 'packed'],
    ['a tag', Buffer.concat([Buffer.from('ID3'), Buffer.alloc(2_000)]), false, 'packed'],
    ['a page', Buffer.from('<html>no</html>'), true, 'unknown'],
    ['the beginning of anything', Buffer.from('<html>'), false, 'more'],
    ['half a megabyte of anything', Buffer.alloc(500_000, 0x20), false, 'unknown'],
  ];
  for (const [what, bytes, isWhole, kind] of table)
    it(`is ${kind}: ${what}`, () => {
      expect(kindOf(bytes, isWhole)).to.equal(kind);
    });
});

describe('What was read ahead', () => {
  it('goes out in order with its cuts, at the start, after a hold, and before the end is told', async () => {
    const clock = fakeTime();
    try {
      const out: string[] = [];
      const box = new Outbox();
      box.push(Buffer.from('a'));
      box.cut();
      box.start({
        data: (bytes) => out.push(bytes.toString()),
        cut: () => out.push('|'),
        lost: (error: CoaxError) => out.push(error.code),
      });
      box.hold(1_000);
      box.push(Buffer.from('b'));
      box.end(new CoaxError('UPSTREAM_ENDED'));
      expect(out.join('')).to.equal('a|');
      await clock.tickAsync(1_001);
      expect(out.join(' ')).to.equal('a | b UPSTREAM_ENDED');
    } finally {
      clock.restore();
    }
  });

  it('is no more than fits: whoever reads waits until there is room', async () => {
    const box = new Outbox();
    while (box.hasRoom) box.push(Buffer.alloc(1_000_000));
    let waits = true;
    const room = box.room().then(() => (waits = false));
    await Promise.resolve();
    expect(waits).to.equal(true);
    box.start({ data: () => {}, lost: () => {} });
    await room;
    expect([waits, box.hasRoom]).to.deep.equal([false, true]);
  });

  it('is nothing any more once it was closed', () => {
    const box = new Outbox();
    const out: Buffer[] = [];
    box.start({ data: (bytes) => out.push(bytes), lost: () => {} });
    box.close();
    box.push(Buffer.from('a'));
    box.end(new CoaxError('UPSTREAM_ENDED'));
    expect(out).to.deep.equal([]);
  });
});

describe('The sound of a variant', () => {
  const of = (media: string): string | undefined => {
    const read = readHlsPlaylist(`#EXTM3U\n${media}\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nv.m3u8\n`);
    return read?.kind === 'master' ? orderVariants(read, anyVariant)[0]?.audio?.uri : 'none';
  };
  const rendition = (more: string): string => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n"${more}`;
  for (const [what, media, uri] of [
    [
      'the default one',
      [rendition(',URI="1"'), rendition(',URI="2",DEFAULT=YES'), rendition(',URI="3",AUTOSELECT=YES')],
      '2',
    ],
    ['one that may be chosen', [rendition(',URI="1"'), rendition(',URI="3",AUTOSELECT=YES')], '3'],
    ['the first', [rendition(',URI="1"'), rendition(',URI="2"')], '1'],
    ['muxed in', [rendition(',DEFAULT=YES'), rendition(',URI="2"')], undefined],
    ['that of its own playlist', [rendition(',URI="v.m3u8",DEFAULT=YES')], undefined],
    ['of no group', ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="n",URI="9"'], undefined],
  ] as const)
    it(`is ${what}`, () => {
      expect(of(media.join('\n'))).to.equal(uri);
    });
});
