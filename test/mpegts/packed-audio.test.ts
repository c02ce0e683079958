import { expect } from 'chai';
import fc from 'fast-check';
import { PackedAudio } from '../../src/mpegts/packed-audio.ts';
import { adtsFrame } from '../support/ts-builder.ts';

function tag(ticks: number, junk = 0): Buffer {
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0');
  const body = Buffer.concat([owner, Buffer.alloc(8)]);
  body.writeBigUInt64BE(BigInt(ticks), owner.length);
  const frame = Buffer.concat([
    Buffer.from('PRIV'),
    Buffer.from([0, 0, 0, body.length, 0, 0]),
    body,
    Buffer.alloc(junk),
  ]);
  const size = [(frame.length >> 7) & 0x7f, frame.length & 0x7f];
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0, 0, ...size]), frame]);
}

const frames = [adtsFrame(100), adtsFrame(50), adtsFrame(300)];
const segment = Buffer.concat([tag(900_000, 40), ...frames]);

function read(bytes: Buffer, size: number): { readonly times: number[]; readonly lengths: number[] } {
  const audio = new PackedAudio();
  const units = [];
  for (let at = 0; at < bytes.length; at += size) units.push(...audio.push(bytes.subarray(at, at + size)));
  return { times: units.map(({ pts }) => pts), lengths: units.map(({ data }) => data.length) };
}

describe('Bare sound', () => {
  it('is cut into frames, with times that count on from the tag, however its bytes come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: segment.length }), (size) => {
        expect(read(segment, size)).to.deep.equal({ times: [900_000, 901_920, 903_840], lengths: [107, 57, 307] });
      }),
    );
  });

  it('goes on where the last segment ended when there is no tag, and where a tag says when there is one', () => {
    const audio = new PackedAudio();
    const times = [segment, Buffer.concat(frames), Buffer.concat([tag(2 ** 33 - 1_000), ...frames])].flatMap((each) => {
      audio.restart();
      return audio.push(each).map(({ pts }) => pts);
    });
    expect(times.slice(3)).to.deep.equal([905_760, 907_680, 909_600, 2 ** 33 - 1_000, 920, 2_840]);
  });

  it('is found again behind something else', () => {
    expect(
      read(Buffer.concat([frames[0] ?? segment, Buffer.alloc(33, 5), frames[1] ?? segment]), 1_000).lengths,
    ).to.deep.equal([107, 57]);
  });

  it('tells what it is', () => {
    const audio = new PackedAudio();
    expect(audio.track).to.equal(null);
    audio.push(segment);
    expect(audio.track).to.include({ isVideo: false, streamType: 0x0f, streamId: 0xc0 });
  });
});
