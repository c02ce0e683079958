import { expect } from 'chai';
import { KeyFrameFinder } from '../../src/mpegts/key-frames.ts';
import { TsSync } from '../../src/mpegts/sync.ts';
import { ffmpegBytes, hasEncoder, hasFfmpeg, needsFfmpeg, runWith } from '../support/ffmpeg.ts';

const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '3', '-pix_fmt', 'yuv420p'];
const x264 = (params: string) => ['-c:v', 'libx264', '-preset', 'veryfast', '-x264-params', params];

const streams: readonly (readonly [name: string, encoder: string, args: readonly string[]])[] = [
  ['H.264', 'libx264', x264('keyint=20')],
  ['H.264 in four slices', 'libx264', x264('keyint=20:slices=4')],
  ['H.264 with open GOPs', 'libx264', x264('keyint=20:open-gop=1:bframes=3')],
  ['H.264 in fields', 'libx264', x264('keyint=20:tff=1')],
  ['H.264 with a large bit rate', 'libx264', [...x264('keyint=10'), '-qp', '4']],
  [
    'HEVC',
    'libx265',
    ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=20:open-gop=0'],
  ],
  [
    'HEVC with open GOPs',
    'libx265',
    ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=20'],
  ],
  ['MPEG-2', 'mpeg2video', ['-c:v', 'mpeg2video', '-g', '12', '-bf', '2']],
];

async function keyPositions(bytes: Buffer): Promise<number[]> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pos,flags', '-of', 'csv=p=0', 'pipe:0'];
  const { stdout } = await runWith('ffprobe', args, bytes);
  return stdout
    .split('\n')
    .filter((line) => line.includes('K'))
    .map((line) => Number(/\d+/.exec(line)?.[0]));
}

describe('KeyFrameFinder compared with ffprobe', () => {
  for (const [name, encoder, args] of streams) {
    const missing = hasFfmpeg && !hasEncoder(encoder);
    it(`finds the key frames of ${name}${needsFfmpeg}${missing ? ` (skipped: no encoder ${encoder})` : ''}`, async function () {
      if (!hasFfmpeg || missing) this.skip();
      const bytes = ffmpegBytes([...picture, ...args, '-f', 'mpegts']);
      const found = new KeyFrameFinder().push(bytes).map(({ offset }) => offset);
      const expected = await keyPositions(bytes);
      // The last one may still be undecided when the stream is cut right after it.
      expect(expected.length - found.length).to.be.oneOf([0, 1]);
      expect(found).to.deep.equal(expected.slice(0, found.length));
    });
  }

  it(`finds places where a decoder starts without an error${needsFfmpeg}`, async function () {
    if (!hasFfmpeg) this.skip();
    const sound = ['-f', 'lavfi', '-i', 'sine=d=3', '-c:a', 'mp2'];
    const bytes = ffmpegBytes([
      ...sound.slice(0, 4),
      ...picture,
      ...sound.slice(4),
      ...x264('keyint=15:bframes=2'),
      '-f',
      'mpegts',
    ]);
    const points = new KeyFrameFinder().push(bytes);
    expect(points.length).to.be.at.least(4);
    for (const { offset, tables } of points.slice(1, 4)) {
      const joined = Buffer.concat([tables.pat, tables.pmt, bytes.subarray(offset)]);
      const { stderr } = await runWith(
        'ffmpeg',
        ['-v', 'warning', '-xerror', '-i', '-', '-map', '0:v', '-f', 'null', '-'],
        joined,
      );
      expect(stderr).to.equal('');
    }
  });

  it(`takes the recovery points of a stream that refreshes piece by piece${needsFfmpeg}`, async function () {
    if (!hasFfmpeg) this.skip();
    const bytes = ffmpegBytes([...picture, ...x264('keyint=20:intra-refresh=1'), '-f', 'mpegts']);
    const kinds = new KeyFrameFinder().push(bytes).map(({ kind }) => kind);
    expect(kinds[0]).to.equal('idr');
    expect(kinds.slice(1)).to.deep.equal(kinds.slice(1).map(() => 'recovery'));
    expect(kinds.length).to.be.at.least(3);
  });

  it(`reads packets of 192 bytes as ffmpeg writes them${needsFfmpeg}`, async function () {
    if (!hasFfmpeg) this.skip();
    const bytes = ffmpegBytes([...picture, ...x264('keyint=20'), '-mpegts_m2ts_mode', '1', '-f', 'mpegts']);
    const sync = new TsSync();
    const finder = new KeyFrameFinder();
    const points = sync.push(bytes).flatMap((view) => finder.push(view));
    expect(sync.stride).to.equal(192);
    expect(points.length).to.be.at.least(3);
  });
});
