import { expect } from 'chai';
import { KeyFrameFinder } from '../../src/mpegts/key-frames.ts';
import { LoopFinder } from '../../src/mpegts/loop-finder.ts';
import { continuityOf, packetSize, pidOf, setContinuity } from '../../src/mpegts/packet.ts';
import { shiftTimes } from '../../src/mpegts/restamp.ts';
import { TimeLoopFinder } from '../../src/mpegts/time-loop.ts';
import { ffmpegBytes, hasEncoder, needsFfmpeg } from '../support/ffmpeg.ts';
import { syntheticClip } from '../support/ts-builder.ts';

/** Feeds packets to both finders, in chunks as they may come. */
function look(bytes: Buffer, longestMs = 15_000): { readonly loopMs: number | undefined; readonly times: boolean } {
  const keys = new KeyFrameFinder();
  const loops = new LoopFinder(longestMs);
  const times = new TimeLoopFinder();
  const step = packetSize * 50;
  for (let at = 0; at < bytes.length; at += step) {
    const packets = bytes.subarray(at, Math.min(bytes.length, at + step));
    keys.push(packets);
    if (keys.program === null) continue;
    loops.push(packets, keys.program);
    times.push(packets, keys.program);
  }
  return { loopMs: loops.foundMs, times: times.found };
}

/** A clip again and again; `seconds` apart where times and counters go on, as a careful provider sends it. */
function repeated(clip: Buffer, count: number, seconds?: number): Buffer {
  if (seconds === undefined) return Buffer.concat(Array.from({ length: count }, () => clip));
  const counters = new Map<number, number>();
  return Buffer.concat(
    Array.from({ length: count }, (_, n) => {
      const copy = Buffer.from(clip);
      for (let at = 0; at < copy.length; at += packetSize) {
        shiftTimes(copy, at, n * seconds * 90_000);
        const pid = pidOf(copy, at);
        const counter = n === 0 ? continuityOf(copy, at) : (counters.get(pid) ?? 0) + 1;
        setContinuity(copy, at, counter);
        counters.set(pid, counter & 15);
      }
      return copy;
    }),
  );
}

describe('LoopFinder', () => {
  it('sees nothing in a stream that goes on', () => {
    expect(look(syntheticClip(20_000, { bitRate: 300_000 }))).to.deep.equal({ loopMs: undefined, times: false });
  });

  /** Four seconds, the pictures of each second larger or smaller than those of the last. */
  const moving = Buffer.concat(
    [300_000, 500_000, 250_000, 700_000].map((bitRate, n) =>
      syntheticClip(1_000, { bitRate, startPts: (1 + n) * 90_000, firstStamp: n * 10_000 }),
    ),
  );

  it('finds a clip that comes three times, whatever its clocks and counters do', () => {
    const clip = moving;
    expect(look(repeated(clip, 4, 4)).loopMs).to.be.within(3_900, 4_100);
    expect(look(repeated(clip, 4)).loopMs).to.be.within(3_900, 4_100);
    expect(look(repeated(clip, 2, 4)).loopMs, 'twice proves nothing').to.equal(undefined);
  });

  it('wants a longer clip to come once more', () => {
    const long = Buffer.concat([
      repeated(moving, 2, 4),
      syntheticClip(1_000, { bitRate: 900_000, startPts: 9 * 90_000 }),
    ]);
    expect(look(repeated(long, 3, 9)).loopMs).to.equal(undefined);
    expect(look(repeated(long, 5, 9)).loopMs).to.be.within(8_800, 9_200);
  });

  it('leaves clips alone that are longer than asked for', () => {
    expect(look(repeated(moving, 5, 4), 3_000).loopMs).to.equal(undefined);
  });

  it('leaves alone what may as well be a still picture that goes on', () => {
    expect(look(repeated(syntheticClip(4_000, { bitRate: 300_000 }), 5, 4)).loopMs).to.equal(undefined);
  });

  describe(`with what encoders make${needsFfmpeg}`, function () {
    this.timeout(60_000);
    before(function () {
      if (!hasEncoder('libx264')) this.skip();
    });
    const size = 'size=160x90:rate=25';
    const coded = (picture: string, sound: string, seconds: number, more: string): Buffer =>
      ffmpegBytes(
        `-f lavfi -i ${picture}${size} -f lavfi -i ${sound} -t ${seconds} -preset ultrafast -pix_fmt yuv420p ${more} -f mpegts`.split(
          ' ',
        ),
      );
    const silence = 'anullsrc=r=48000:cl=stereo';
    const tone = 'sine=frequency=1000:sample_rate=48000';

    for (const [name, picture, sound, more] of [
      ['a black picture with silence', 'color=c=black:', silence, '-c:v libx264 -g 50 -c:a aac'],
      ['a black picture with silence in long groups', 'color=c=black:', silence, '-c:v libx264 -g 250 -c:a mp2'],
      ['a test card with a tone', 'smptebars=', tone, '-c:v libx264 -g 25 -c:a aac'],
      [
        'a test card with a tone at a constant rate',
        'smptebars=',
        tone,
        '-c:v libx264 -g 50 -b:v 500k -minrate 500k -maxrate 500k -bufsize 500k -x264-params nal-hrd=cbr -c:a ac3',
      ],
      ['a test card in MPEG-2', 'smptebars=', tone, '-c:v mpeg2video -g 12 -c:a mp2'],
      [
        'a still picture with sound, as radio has it',
        'color=c=blue:',
        'anoisesrc=sample_rate=48000',
        '-c:v libx264 -g 50 -c:a aac',
      ],
      ['a moving picture with silence', 'testsrc=', silence, '-c:v libx264 -g 50 -c:a aac'],
    ] as const)
      it(`never takes ${name} for a loop`, () => {
        expect(look(coded(picture, sound, 60, more))).to.deep.equal({ loopMs: undefined, times: false });
      });

    for (const [name, picture, sound, more] of [
      ['moves', 'testsrc=', tone, '-c:v libx264 -g 50 -c:a aac'],
      ['is a still picture with silence', 'color=c=red:', silence, '-c:v libx264 -g 250 -c:a aac'],
      ['is a still picture with a tone', 'color=c=red:', tone, '-c:v libx264 -g 25 -c:a mp2'],
    ] as const)
      it(`finds the clip of a provider that ${name}`, () => {
        const clip = coded(picture, sound, 5, more);
        expect(look(repeated(clip, 4, 5)).loopMs, 'with times that go on').to.be.within(4_800, 5_200);
        expect(look(repeated(clip, 5)).times, 'with times that begin anew').to.equal(true);
      });
  });
});

describe('TimeLoopFinder', () => {
  const part = (from: number, ms: number): Buffer => syntheticClip(ms, { bitRate: 300_000, startPts: from * 90_000 });

  it('finds a live edge that is stuck, and one that goes back a part of the way each time', () => {
    expect(look(Buffer.concat([100, 100, 100, 100].map((from) => part(from, 6_000)))).times).to.equal(true);
    expect(look(Buffer.concat([100, 104, 108, 112].map((from) => part(from, 6_000)))).times).to.equal(true);
  });

  it('does not mind one restart, jumps ahead, gaps, the wrap of the clock, or a file that begins anew after minutes', () => {
    const cases = [
      [100, 106, 0, 6, 12, 18],
      [100, 200, 300, 400, 500],
      [95_440, 95_443, 0.3, 6],
      [100, 100, 106, 112],
    ];
    for (const starts of cases)
      expect(look(Buffer.concat(starts.map((from) => part(from, 3_000)))).times, starts.join()).to.equal(false);
    const long = [0, 300, 600];
    expect(look(Buffer.concat([...long, ...long, ...long, ...long].map((from) => part(from, 2_000)))).times).to.equal(
      false,
    );
  });
});
