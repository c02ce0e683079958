import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasEncoder, needsFfmpeg, runWith } from '../../support/ffmpeg.ts';
import { checkTs } from '../../support/ts-check.ts';
import { joined } from '../joined.ts';
import { HlsOrigin } from './hls-origin.ts';
import { HlsRig, type Played } from './hls-rig.ts';

const picture = '-f lavfi -i testsrc2=size=320x180:rate=25:duration=6';
const tone = '-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000:duration=6';
const h264 = '-c:v libx264 -preset veryfast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p';
const hls = '-f hls -hls_time 2 -hls_list_size 0 -hls_playlist_type vod';

/** Makes files by ffmpeg in a folder and puts them at the origin. */
async function make(origin: HlsOrigin, ...commands: readonly (readonly string[] | string)[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coax-hls-'));
  try {
    for (const args of commands)
      execFileSync(
        'ffmpeg',
        ['-v', 'error', '-nostdin', '-y', ...(typeof args === 'string' ? args.split(' ') : args)],
        {
          cwd: folder,
        },
      );
    for (const name of readdirSync(folder)) origin.put(`/${name}`, readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playAll(rig: HlsRig, url: string): Promise<Played> {
  const played = await rig.play(url);
  expect(played.lost?.code).to.equal('UPSTREAM_ENDED');
  return played;
}

interface Decoded {
  readonly errors: string;
  readonly pictures: number;
  readonly sounds: number;
  /** Seconds from the first to the last time of the picture, and of the sound. */
  readonly span: { readonly video: number; readonly audio: number };
  /** How much later the picture starts than the sound. */
  readonly offset: number;
}

async function decode(bytes: Buffer): Promise<Decoded> {
  const show = [
    '-v',
    'warning',
    '-show_entries',
    'frame=media_type,pts_time',
    '-of',
    'csv=p=0',
    '-f',
    'mpegts',
    'pipe:0',
  ];
  const { stdout, stderr } = await runWith('ffprobe', show, bytes);
  const times = { video: [] as number[], audio: [] as number[] };
  for (const [, kind, time] of stdout.matchAll(/^(video|audio),([\d.-]+)/gm))
    times[kind as 'video' | 'audio'].push(Number(time));
  const span = (list: readonly number[]): number => Math.max(...list) - Math.min(...list);
  return {
    errors: stderr,
    pictures: times.video.length,
    sounds: times.audio.length,
    span: { video: span(times.video), audio: span(times.audio) },
    offset: Math.min(...times.video) - Math.min(...times.audio),
  };
}

/** As the relay makes one stream of what was cut. */
const oneStream = ({ pieces }: Played): Buffer => joined(...pieces.map((piece) => Buffer.concat(piece))).bytes;

describe(`An HLS stream, decoded by ffmpeg${needsFfmpeg}`, function () {
  this.timeout(30_000);
  before(function () {
    if (!hasEncoder('libx264')) this.skip();
  });

  for (const [what, args] of [
    ['transport streams', `${picture} ${tone} ${h264} -c:a aac ${hls} live.m3u8`],
    ['fragmented MP4', `${picture} ${tone} ${h264} -c:a aac ${hls} -hls_segment_type fmp4 live.m3u8`],
    [
      'MP4 in one file',
      `${picture} ${tone} ${h264} -c:a aac ${hls} -hls_segment_type fmp4 -hls_flags single_file live.m3u8`,
    ],
    ['MP4 with AC-3', `${picture} ${tone} ${h264} -c:a ac3 ${hls} -hls_segment_type fmp4 live.m3u8`],
  ] as const)
    it(`has all its frames: ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      await make(origin, args);
      await using rig = new HlsRig();
      const { pieces, bytes } = await playAll(rig, `${origin.url}/live.m3u8`);
      expect(pieces).to.have.length(1);
      expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [], aligned: true });
      const { errors, pictures, span, offset } = await decode(bytes);
      expect(errors).to.equal('');
      expect(pictures).to.equal(150);
      expect(span.video).to.be.closeTo(5.96, 0.01);
      expect(span.audio).to.be.closeTo(6, 0.1);
      expect(Math.abs(offset)).to.be.below(0.1);
    });

  for (const [what, type] of [
    ['transport streams', ''],
    ['fragmented MP4', '-hls_segment_type fmp4'],
  ] as const)
    it(`has the sound of another playlist: ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      const map = ['-map', '0', '-map', '1', '-var_stream_map', 'v:0,agroup:a a:0,agroup:a,default:yes'];
      const base = `${picture} ${tone} ${h264} -c:a aac ${hls} ${type}`.trim().split(' ');
      await make(origin, [...base, ...map, '-master_pl_name', 'master.m3u8', 'list_%v.m3u8']);
      await using rig = new HlsRig();
      const { bytes, pieces } = await playAll(rig, `${origin.url}/master.m3u8`);
      expect(pieces).to.have.length(1);
      expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
      const { errors, pictures, sounds, offset } = await decode(bytes);
      expect(errors).to.equal('');
      expect(pictures).to.equal(150);
      expect(sounds).to.be.within(275, 290);
      expect(Math.abs(offset)).to.be.below(0.15);
      expect([origin.connections, origin.most]).to.deep.equal([1, 1]);
    });

  it('has the sound of another playlist, live, although both number their segments otherwise', async () => {
    await using origin = await HlsOrigin.start();
    const twelve = (input: string): string => input.replace('duration=6', 'duration=12');
    const map = ['-map', '0', '-map', '1', '-var_stream_map', 'v:0,agroup:a a:0,agroup:a,default:yes'];
    const base = `${twelve(picture)} ${twelve(tone)} ${h264} -c:a aac ${hls}`.split(' ');
    await make(origin, [
      ...base,
      ...map,
      '-hls_segment_filename',
      's_%v_%d.ts',
      '-master_pl_name',
      'master.m3u8',
      'list_%v.m3u8',
    ]);
    await using rig = new HlsRig();
    const began = performance.now();
    for (const [role, first, lag] of [
      [0, 10, 0],
      [1, 500, 900],
    ] as const)
      origin.put(`/list_${role}.m3u8`, (response) => {
        const shown = Math.min(6, 3 + Math.max(0, Math.floor((performance.now() - began - lag) / 2_000)));
        const items = Array.from({ length: shown }, (_, n) => `#EXTINF:2.0,\ns_${role}_${n}.ts\n`).join('');
        const end = shown === 6 ? '#EXT-X-ENDLIST\n' : '';
        response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n${items}${end}`);
      });
    const { bytes, pieces } = await playAll(rig, `${origin.url}/master.m3u8`);
    expect(pieces).to.have.length(1);
    expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
    const { errors, pictures, sounds, offset } = await decode(bytes);
    expect(errors).to.equal('');
    expect(pictures).to.equal(300);
    expect(sounds).to.be.within(555, 570);
    expect(Math.abs(offset)).to.be.below(0.15);
    expect([origin.connections, origin.most]).to.deep.equal([1, 1]);
  });

  it('keeps its sound over discontinuities where that has a playlist of its own, and asks for one segment of it first', async () => {
    await using origin = await HlsOrigin.start();
    const map = ['-map', '0', '-map', '1', '-var_stream_map', 'v:0,agroup:a a:0,agroup:a,default:yes'];
    const base = `${picture} ${tone} ${h264} -c:a aac ${hls}`.split(' ');
    const master = ['-master_pl_name', 'master.m3u8', 'list_%v.m3u8'];
    await make(
      origin,
      [...base, ...map, '-hls_segment_filename', 'a_%v_%d.ts', ...master],
      [...base, '-output_ts_offset', '700', ...map, '-hls_segment_filename', 'b_%v_%d.ts', ...master],
    );
    for (const role of [0, 1]) {
      const names = ['a', 'b', 'a'].map((part) =>
        [0, 1, 2].map((n) => `#EXTINF:2.0,\n${part}_${role}_${n}.ts\n`).join(''),
      );
      const body = names.join('#EXT-X-DISCONTINUITY\n');
      origin.put(`/list_${role}.m3u8`, `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${body}#EXT-X-ENDLIST\n`);
    }
    await using rig = new HlsRig();
    const played = await playAll(rig, `${origin.url}/master.m3u8`);
    expect(origin.paths.slice(3, 6)).to.deep.equal(['/a_1_0.ts', '/a_0_0.ts', '/a_1_1.ts']);
    expect(played.pieces).to.have.length(3);
    for (const piece of played.pieces) {
      // oxlint-disable-next-line no-await-in-loop -- one decoder at a time
      const { errors, pictures, sounds, offset } = await decode(Buffer.concat(piece));
      expect(errors).to.equal('');
      expect(pictures).to.equal(150);
      expect(sounds).to.be.within(275, 290);
      expect(Math.abs(offset)).to.be.below(0.15);
    }
  });

  it('may be bare sound with its times in tags', async () => {
    await using origin = await HlsOrigin.start();
    await make(origin, `${tone} -c:a aac -f adts all.aac`);
    await using rig = new HlsRig();
    const all = await (await fetch(`${origin.url}/all.aac`)).arrayBuffer();
    const cut = adtsSegments(Buffer.from(all), 94);
    cut.forEach((bytes, n) => origin.put(`/${n}.aac`, Buffer.concat([timeTag(900_000 + n * 94 * 1_920), bytes])));
    const names = cut.map((_, n) => `#EXTINF:2.005,\n${n}.aac\n`).join('');
    origin.put('/live.m3u8', `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${names}#EXT-X-ENDLIST\n`);
    const { bytes, pieces } = await playAll(rig, `${origin.url}/live.m3u8`);
    expect(pieces).to.have.length(1);
    const { errors, sounds, span } = await decode(bytes);
    expect(errors).to.equal('');
    expect(sounds).to.be.within(280, 284);
    expect(span.audio).to.be.closeTo(6, 0.05);
  });

  it('is one stream over discontinuities of times, sizes and kinds of segments', async () => {
    await using origin = await HlsOrigin.start();
    const small = picture.replace('320x180', '192x108');
    await make(
      origin,
      `${picture} ${tone} ${h264} -c:a aac ${hls} -hls_segment_filename a%d.ts a.m3u8`,
      `${small} ${tone} ${h264} -c:a aac ${hls} -output_ts_offset 5000 -hls_segment_filename b%d.ts b.m3u8`,
      `${picture} ${tone} ${h264} -c:a aac ${hls} -hls_segment_type fmp4 -hls_fmp4_init_filename c.mp4 -hls_segment_filename c%d.m4s c.m3u8`,
    );
    const lines = ['#EXTM3U', '#EXT-X-TARGETDURATION:2'];
    for (const [n, name] of ['a0.ts', 'a1.ts', 'b0.ts', 'b1.ts', 'c0.m4s', 'c1.m4s', 'a0.ts', 'a1.ts'].entries()) {
      if (n > 0 && n % 2 === 0) lines.push('#EXT-X-DISCONTINUITY');
      if (name === 'c0.m4s') lines.push('#EXT-X-MAP:URI="c.mp4"');
      lines.push('#EXTINF:2.0,', name);
    }
    origin.put('/live.m3u8', [...lines, '#EXT-X-ENDLIST'].join('\n'));
    await using rig = new HlsRig();
    const played = await playAll(rig, `${origin.url}/live.m3u8`);
    expect(played.pieces).to.have.length(4);
    const bytes = oneStream(played);
    expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
    const { errors, pictures, span } = await decode(bytes);
    expect(errors).to.equal('');
    expect(pictures).to.be.within(396, 400);
    expect(span.video).to.be.closeTo(16, 0.4);
  });

  it('is refused when it is encrypted with DRM', async () => {
    await using origin = await HlsOrigin.start();
    const key =
      '-encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff -encryption_kid 00112233445566778899aabbccddeeff';
    await make(origin, `${picture} ${h264} ${key} -movflags frag_keyframe+empty_moov+default_base_moof all.mp4`);
    origin.put('/live.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nall.mp4\n#EXT-X-ENDLIST\n');
    await using rig = new HlsRig();
    const failure = await rig.open(`${origin.url}/live.m3u8`).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'UPSTREAM_BAD_CONTENT' });
    expect(String(failure)).to.include('DRM');
  });
});

/** Whole frames, so many a segment. */
function adtsSegments(bytes: Buffer, frames: number): Buffer[] {
  const out: Buffer[] = [];
  let from = 0;
  let count = 0;
  for (let at = 0; at + 7 <= bytes.length; ) {
    at += (((bytes[at + 3] ?? 0) & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5);
    if (++count % frames !== 0) continue;
    out.push(bytes.subarray(from, at));
    from = at;
  }
  if (from < bytes.length) out.push(bytes.subarray(from));
  return out;
}

/** The tag of RFC 8216 3.4. */
function timeTag(ticks: number): Buffer {
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0');
  const body = Buffer.concat([owner, Buffer.alloc(8)]);
  body.writeBigUInt64BE(BigInt(ticks), owner.length);
  const frame = Buffer.concat([Buffer.from('PRIV'), Buffer.from([0, 0, 0, body.length, 0, 0]), body]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0, 0, 0, frame.length]), frame]);
}
