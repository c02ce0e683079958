import { expect } from 'chai';
import { ffmpegBytes, hasEncoder, hasFfmpeg, needsFfmpeg, runWith } from '../../support/ffmpeg.ts';
import { CutStage } from './cut-stage.ts';

const inputs = '-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 9'.split(' ');
const x264 = (params: string) => [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-pix_fmt',
  'yuv420p',
  '-x264-params',
  params,
];
const x265 = (params: string) => [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  `log-level=none:open-gop=0:${params}`,
];
const aac = ['-c:a', 'aac', '-ac', '2'];

/** What encoders make; `closed` where no picture of a segment needs one of another. */
const streams: readonly (readonly [name: string, encoder: string, args: readonly string[], closed: boolean])[] = [
  ['H.264 with B-frames', 'libx264', [...x264('keyint=50:bframes=3'), ...aac], true],
  [
    'H.264 with irregular groups of pictures',
    'libx264',
    [...x264('keyint=250:min-keyint=10:scenecut=80'), ...aac],
    false,
  ],
  ['H.264 with open groups of pictures', 'libx264', [...x264('keyint=40:open-gop=1:bframes=3'), ...aac], false],
  ['H.264 in fields', 'libx264', [...x264('keyint=25:tff=1'), ...aac], true],
  ['HEVC with AC-3', 'libx265', [...x265('keyint=30'), '-c:a', 'ac3'], true],
  ['MPEG-2 with MP2', 'mpeg2video', ['-c:v', 'mpeg2video', '-g', '12', '-bf', '2', '-c:a', 'mp2'], false],
  [
    'two sounds',
    'libx264',
    [
      ...x264('keyint=50'),
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-map',
      '1:a',
      '-c:a:0',
      'aac',
      '-c:a:1',
      'mp2',
      '-b:a:0',
      '320k',
    ],
    true,
  ],
];

/** Seconds of video in a piece, as ffprobe counts its packets. */
async function videoSeconds(bytes: Buffer): Promise<number> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=dts_time', '-of', 'csv=p=0', 'pipe:0'];
  const { stdout } = await runWith('ffprobe', args, bytes);
  const times = stdout.split('\n').map((line) => Number.parseFloat(line));
  const known = times.filter((time) => !Number.isNaN(time)).toSorted((a, b) => a - b);
  const span = (known.at(-1) ?? 0) - (known[0] ?? 0);
  return span + span / Math.max(1, known.length - 1);
}

async function decodeErrors(bytes: Buffer): Promise<string> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-f',
    'mpegts',
    '-i',
    'pipe:0',
    '-map',
    '0:v',
    '-map',
    '0:a',
    '-f',
    'null',
    '-',
  ];
  return (await runWith('ffmpeg', args, bytes)).stderr;
}

describe('Segmenter compared with ffmpeg', () => {
  for (const [name, encoder, args, closed] of streams) {
    const missing = hasFfmpeg && !hasEncoder(encoder);
    it(`cuts ${name} into segments that last as long as they say and decode without an error${needsFfmpeg}${missing ? ` (skipped: no encoder ${encoder})` : ''}`, async function () {
      if (!hasFfmpeg || missing) this.skip();
      this.timeout(30_000);
      const stage = new CutStage({ windowMs: 60_000 }).feed([ffmpegBytes([...inputs, ...args, '-f', 'mpegts'])], 7_000);
      expect(stage.validator.problems).to.deep.equal([]);
      expect(stage.segments.length).to.be.at.least(2);
      const kept = stage.segments.map(({ sequence, seconds }) => ({
        seconds,
        bytes: Buffer.concat(stage.timeline.get(sequence)?.parts ?? []),
      }));
      for (const { seconds, bytes } of kept.slice(0, 3))
        expect(seconds).to.be.closeTo(await videoSeconds(bytes), 0.041);
      expect(await decodeErrors(Buffer.concat(kept.map(({ bytes }) => bytes)))).to.equal('');
      if (closed) for (const { bytes } of kept.slice(1, 3)) expect(await decodeErrors(bytes)).to.equal('');
    });
  }

  const missing = hasFfmpeg && !hasEncoder('libx265');
  it(`signals another codec after a failover${needsFfmpeg}${missing ? ' (skipped: no encoder libx265)' : ''}`, async function () {
    if (!hasFfmpeg || missing) this.skip();
    this.timeout(30_000);
    const first = ffmpegBytes([...inputs, ...x264('keyint=25'), ...aac, '-f', 'mpegts']);
    const second = ffmpegBytes([...inputs, ...x265('keyint=25'), ...aac, '-f', 'mpegts']);
    const stage = new CutStage().feed([first]).generation().feed([second]).generation().feed([first]);
    expect(stage.validator.problems).to.deep.equal([]);
    expect(stage.segments.filter(({ discontinuity }) => discontinuity)).to.have.length(2);
    const changed = stage.segments.findIndex(({ discontinuity }) => discontinuity);
    const { sequence } = stage.segments[changed + 1] ?? { sequence: 0 };
    expect(await decodeErrors(Buffer.concat(stage.timeline.get(sequence)?.parts ?? []))).to.equal('');
  });
});
