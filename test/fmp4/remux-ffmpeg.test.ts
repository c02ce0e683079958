import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasEncoder, needsFfmpeg } from '../support/ffmpeg.ts';
import { checkTs } from '../support/ts-check.ts';
import { remuxed } from './remuxed.ts';

const picture = '-f lavfi -i testsrc2=size=320x180:rate=25:duration=2';
const tone = '-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000:duration=2';
const h264 = '-c:v libx264 -preset veryfast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p';
const hevc = '-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params keyint=25:min-keyint=25:log-level=none';
const hls = 'frag_keyframe+empty_moov+default_base_moof';

const table: readonly (readonly [what: string, encoder: string, args: string])[] = [
  ['H.264 and AAC', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags ${hls}`],
  ['edit lists', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags ${hls}+delay_moov`],
  ['negative offsets', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags ${hls}+negative_cts_offsets`],
  ['CMAF', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags +cmaf+frag_keyframe+empty_moov`],
  ['absolute places', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags frag_keyframe+empty_moov`],
  [
    'places after the fragment before',
    'libx264',
    `${picture} ${tone} ${h264} -c:a aac -movflags frag_keyframe+empty_moov+omit_tfhd_offset`,
  ],
  ['a fragment for each track', 'libx264', `${picture} ${tone} ${h264} -c:a aac -movflags ${hls}+separate_moof`],
  [
    'many short fragments',
    'libx264',
    `${picture} ${tone} ${h264} -c:a aac -frag_duration 100000 -movflags empty_moov+default_base_moof`,
  ],
  [
    'parameter sets in band',
    'libx264',
    `${picture} ${tone} ${h264} -c:a aac -tag:v avc3 -bsf:v dump_extra -movflags ${hls}`,
  ],
  ['HEVC and AC-3', 'libx265', `${picture} ${tone} ${hevc} -tag:v hvc1 -c:a ac3 -movflags ${hls}+delay_moov`],
  [
    'HEVC with its sets in band and E-AC-3',
    'libx265',
    `${picture} ${tone} ${hevc} -tag:v hev1 -c:a eac3 -movflags ${hls}+delay_moov`,
  ],
  ['MP3', 'libmp3lame', `${picture} ${tone} ${h264} -c:a libmp3lame -movflags ${hls}`],
  [
    'two sounds',
    'libx264',
    `${picture} ${tone} ${tone} ${h264} -map 0 -map 1 -map 2 -c:a aac -metadata:s:a:1 language=deu -movflags ${hls}`,
  ],
  ['a picture alone', 'libx264', `${picture} ${h264} -movflags ${hls}`],
  ['sound alone', 'aac', `${tone} -c:a aac -frag_duration 1000000 -movflags empty_moov+default_base_moof`],
];

interface Stream {
  readonly kind: 'v' | 'a';
  readonly index: number;
}

/** A hash of each frame that ffmpeg decodes of one stream. */
function framesOf(path: string, { kind, index }: Stream): string[] {
  const map = ['-map', `0:${kind}:${index}`, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const text = execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', path, ...map], { encoding: 'utf8' });
  return Array.from(text.matchAll(/^0,.*,\s*([0-9a-f]{32})$/gm), (match) => match[1] ?? '');
}

/** When each frame of a stream is shown, in seconds. */
function timesOf(path: string, { kind, index }: Stream): number[] {
  const args = [
    '-v',
    'error',
    '-select_streams',
    `${kind}:${index}`,
    '-show_entries',
    'frame=pts_time',
    '-of',
    'csv=p=0',
  ];
  const text = execFileSync('ffprobe', [...args, path], { encoding: 'utf8' });
  return Array.from(text.matchAll(/^[\d.-]+/gm), ([time]) => Number(time));
}

function probe(path: string): { codec: string; language: string | undefined; kind: 'v' | 'a' }[] {
  const text = execFileSync('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', path], { encoding: 'utf8' });
  const { streams } = JSON.parse(text) as {
    streams: { codec_name: string; codec_type: string; tags?: { language?: string } }[];
  };
  return streams.map((stream) => ({
    codec: stream.codec_name,
    language: stream.tags?.language === 'und' ? undefined : stream.tags?.language,
    kind: stream.codec_type === 'video' ? 'v' : 'a',
  }));
}

describe(`Fragmented MP4 made into a transport stream, decoded by ffmpeg${needsFfmpeg}`, function () {
  this.timeout(30_000);
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'coax-fmp4-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, encoder, args] of table)
    it(`has the frames of the file, at the same distance from each other: ${what}`, function () {
      if (!hasEncoder(encoder)) this.skip();
      const source = join(folder, 'source.mp4');
      const result = join(folder, 'result.ts');
      execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args.split(' '), '-f', 'mp4', source]);
      const bytes = remuxed(readFileSync(source), 10_007);
      writeFileSync(result, bytes);
      expect(checkTs(bytes).continuityErrors).to.deep.equal([]);
      const streams = probe(source);
      expect(probe(result)).to.deep.equal(streams);
      const counts = { v: 0, a: 0 };
      const shifts: number[] = [];
      for (const { kind } of streams) {
        const at = { kind, index: counts[kind]++ };
        const before = framesOf(source, at);
        const after = framesOf(result, at);
        // What an encoder puts in front of the sound is cut off by the file alone.
        const lead = Math.max(0, after.indexOf(before[2] ?? '') - 2);
        expect(lead).to.be.lessThan(kind === 'v' ? 1 : 4);
        expect(after.slice(lead + 2)).to.deep.equal(before.slice(2));
        expect(before.length).to.be.above(40);
        const [times, moved] = [timesOf(source, at), timesOf(result, at)];
        for (const n of [2, -1])
          shifts.push((moved.at(n < 0 ? n : n + moved.length - times.length) ?? 0) - (times.at(n) ?? 0));
      }
      // One shift for all streams and the whole file, but for rounding. ffmpeg moves pictures with negative offsets (`dts_shift` in mov.c).
      const own = /negative_cts|cmaf/.test(args) ? 0.04 : 0;
      expect(Math.max(...shifts) - Math.min(...shifts) - own).to.be.lessThan(0.001);
    });
});
