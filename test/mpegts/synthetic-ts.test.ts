import { expect } from 'chai';
import { packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { stampOf, syntheticClip, videoPid } from '../support/ts-builder.ts';

describe('the synthetic stream of the tests', () => {
  const clip = syntheticClip(4000, { bitRate: 3_000_000 });

  it('keeps its bit rate', () => {
    expect(clip.length * 2).to.be.closeTo(3_000_000, 60_000);
  });

  it('numbers its video packets without a gap', () => {
    const stamps: number[] = [];
    for (let offset = 0; offset < clip.length; offset += packetSize) {
      const stamp = pidOf(clip, offset) === videoPid ? stampOf(clip, offset) : -1;
      if (stamp >= 0) stamps.push(stamp);
    }
    expect(stamps.length).to.be.above(4000);
    expect(stamps).to.deep.equal(stamps.map((_, n) => n));
  });
});
