import { expect } from 'chai';
import { KeyFrameFinder } from '../../src/mpegts/key-frames.ts';
import { packetSize, patPid, pidOf } from '../../src/mpegts/packet.ts';
import { ffmpegBytes, hasEncoder, needsFfmpeg, runWith } from '../support/ffmpeg.ts';
import { checkTs } from '../support/ts-check.ts';
import { joined } from './joined.ts';

const decode = ['-v', 'warning', '-nostdin', '-i', 'pipe:0', '-map', '0', '-f', 'null', '-progress', 'pipe:1', '-'];

/** Frames of the picture that came out of the decoder. */
function framesOf(progress: string): number {
  return Number([...progress.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0);
}

function tablesBefore(bytes: Buffer, offset: number): number {
  let at = offset;
  while (pidOf(bytes, at) !== patPid) at -= packetSize;
  return at;
}

describe(`A stream that was opened anew, decoded by ffmpeg${needsFfmpeg}`, function () {
  this.timeout(30_000);
  /** Eight seconds, a key frame each second. */
  let clip: Buffer;
  /** Offsets of the tables before each key frame: units end there. */
  let keys: number[];

  before(function () {
    if (!hasEncoder('libx264')) this.skip();
    const sources = '-f lavfi -i testsrc=size=320x180:rate=25 -f lavfi -i sine=sample_rate=48000 -t 8';
    const picture = '-c:v libx264 -preset veryfast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p';
    clip = ffmpegBytes(`${sources} ${picture} -c:a aac -f mpegts -muxrate 1500k`.split(' '));
    keys = new KeyFrameFinder().push(clip).map(({ offset }) => tablesBefore(clip, offset));
    expect(keys).to.have.length(8);
  });

  it('has no error after five reconnects between pictures, and all its frames', async () => {
    const part = (from: number, to: number): Buffer => clip.subarray(keys[from], keys[to]);
    const clips = [part(0, 2), part(2, 4), part(1, 3), part(5, 6), part(0, 2), part(4, 7)];
    const { bytes } = joined(...clips);
    expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
    const { code, stderr, stdout } = await runWith('ffmpeg', decode, bytes);
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    expect(framesOf(stdout)).to.be.within(12 * 25 - 2, 12 * 25 + 12);
  });

  it('loses no more than the unit that was cut, when a connection breaks anywhere', async () => {
    for (const cut of [0.31, 0.5, 0.77]) {
      const at = Math.floor((clip.length * cut) / packetSize) * packetSize;
      const { bytes } = joined(clip.subarray(0, at), clip, clip.subarray(0, at), clip);
      expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
      // oxlint-disable-next-line no-await-in-loop -- one decoder at a time
      const { code, stderr, stdout } = await runWith('ffmpeg', decode, bytes);
      expect(code).to.equal(0);
      expect(stderr).to.not.match(/monoton|backward|discontinu|timestamp/i);
      const whole = 2 * 200 + 2 * 200 * cut;
      expect(framesOf(stdout)).to.be.within(whole - 12, whole + 12);
    }
  });
});
