import { expect } from 'chai';
import type { AudioFacts, VideoFacts } from '../../src/model/codec-facts.ts';
import { CodecReader } from '../../src/mpegts/codec-reader.ts';
import { ffmpegBytes, hasEncoder, hasFfmpeg, needsFfmpeg, runWith } from '../support/ffmpeg.ts';

interface Probed {
  readonly codec_name: string;
  readonly codec_type: string;
  readonly profile?: string;
  readonly level?: number;
  readonly width?: number;
  readonly height?: number;
  readonly avg_frame_rate: string;
  readonly field_order?: string;
  readonly pix_fmt?: string;
  readonly sample_aspect_ratio?: string;
  readonly refs?: number;
  readonly channels?: number;
  readonly sample_rate?: string;
  readonly bit_rate?: string;
  readonly tags?: { readonly language?: string };
}

async function probe(bytes: Buffer): Promise<Probed[]> {
  const { stdout } = await runWith('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', 'pipe:0'], bytes);
  return (JSON.parse(stdout) as { streams: Probed[] }).streams;
}

function expectVideo(facts: VideoFacts | undefined, probed: Probed): void {
  const [num, den] = probed.avg_frame_rate.split('/').map(Number);
  expect(facts).to.deep.include({
    codec: probed.codec_name,
    profile: probed.profile,
    level: probed.level,
    width: probed.width,
    height: probed.height,
    interlaced:
      probed.field_order !== undefined && probed.field_order !== 'progressive' && probed.field_order !== 'unknown',
    bitDepth: probed.pix_fmt?.includes('10') === true ? 10 : 8,
  });
  expect(facts?.frameRate).to.be.closeTo(num! / den!, 0.002);
  if (probed.sample_aspect_ratio !== undefined) expect(facts?.sampleAspect).to.equal(probed.sample_aspect_ratio);
}

function expectAudio(facts: AudioFacts | undefined, probed: Probed): void {
  expect(facts).to.deep.include({
    codec: probed.codec_name,
    channels: probed.channels,
    sampleRate: Number(probed.sample_rate),
  });
  expect(facts?.profile).to.equal(probed.profile);
  expect(facts?.language).to.equal(probed.tags?.language);
  if (probed.codec_name !== 'aac' && probed.bit_rate !== undefined)
    expect(facts?.bitRate).to.equal(Number(probed.bit_rate));
}

const picture = (rate: string, size = '320x180') => ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}`, '-t', '2'];
const sound = (layout: string) => [
  '-f',
  'lavfi',
  '-i',
  `anoisesrc=r=48000:a=0.1,aformat=channel_layouts=${layout}`,
  '-t',
  '2',
];
const x264 = (...more: string[]) => ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', ...more];
const ts = ['-f', 'mpegts'];

const videos: readonly (readonly [name: string, encoder: string, args: readonly string[]])[] = [
  [
    'H.264 High',
    'libx264',
    [...picture('25'), ...x264('-profile:v', 'high', '-preset', 'veryfast', '-pix_fmt', 'yuv420p')],
  ],
  [
    'H.264 Constrained Baseline',
    'libx264',
    [...picture('30'), ...x264('-profile:v', 'baseline', '-pix_fmt', 'yuv420p')],
  ],
  [
    'H.264 Main',
    'libx264',
    [...picture('25'), ...x264('-profile:v', 'main', '-preset', 'veryfast', '-pix_fmt', 'yuv420p')],
  ],
  ['H.264 High 10', 'libx264', [...picture('25'), ...x264('-pix_fmt', 'yuv420p10le')]],
  [
    'H.264 interlaced',
    'libx264',
    [...picture('25', '720x576'), ...x264('-flags', '+ildct+ilme', '-x264-params', 'tff=1', '-pix_fmt', 'yuv420p')],
  ],
  [
    'H.264 interlaced with picture timing',
    'libx264',
    [
      ...picture('25', '720x576'),
      ...x264('-x264-params', 'tff=1:nal-hrd=vbr:vbv-maxrate=4000:vbv-bufsize=4000', '-pix_fmt', 'yuv420p'),
    ],
  ],
  [
    'H.264 that fakes interlacing',
    'libx264',
    [...picture('25', '720x576'), ...x264('-x264-params', 'fake-interlaced=1', '-pix_fmt', 'yuv420p')],
  ],
  [
    'H.264 with cropping and wide samples',
    'libx264',
    [...picture('25', '1440x270'), '-vf', 'setsar=4/3', ...x264('-pix_fmt', 'yuv420p')],
  ],
  ...['24000/1001', '30000/1001', '50', '60000/1001'].map(
    (rate) => [`H.264 at ${rate}`, 'libx264', [...picture(rate), ...x264('-pix_fmt', 'yuv420p')]] as const,
  ),
  [
    'HEVC',
    'libx265',
    [...picture('25'), '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25'],
  ],
  [
    'HEVC 10 bit at 59.94',
    'libx265',
    [
      ...picture('60000/1001', '328x180'),
      '-pix_fmt',
      'yuv420p10le',
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none:keyint=25',
    ],
  ],
  ['MPEG-2', 'mpeg2video', [...picture('25', '720x576'), '-aspect', '16:9', '-c:v', 'mpeg2video', '-bf', '2']],
  [
    'MPEG-2 interlaced at 29.97',
    'mpeg2video',
    [...picture('30000/1001', '720x480'), '-aspect', '4:3', '-c:v', 'mpeg2video', '-flags', '+ildct+ilme', '-top', '1'],
  ],
];

const audios: readonly (readonly [name: string, encoder: string, args: readonly string[]])[] = [
  ['AAC stereo', 'aac', [...sound('stereo'), '-c:a', 'aac']],
  ['AAC 5.1', 'aac', [...sound('5.1'), '-c:a', 'aac']],
  ['AC-3 stereo', 'ac3', [...sound('stereo'), '-c:a', 'ac3', '-b:a', '192k']],
  ['AC-3 5.1', 'ac3', [...sound('5.1(side)'), '-c:a', 'ac3', '-b:a', '448k']],
  ['E-AC-3 5.1', 'eac3', [...sound('5.1(side)'), '-c:a', 'eac3', '-b:a', '256k']],
  ['MP2', 'mp2', [...sound('stereo'), '-c:a', 'mp2', '-b:a', '192k']],
  ['MP3', 'libmp3lame', [...sound('mono'), '-c:a', 'libmp3lame', '-b:a', '96k']],
  ['AAC in LATM', 'aac', [...sound('stereo'), '-c:a', 'aac', '-mpegts_flags', 'latm']],
  ['AAC with a language', 'aac', [...sound('mono'), '-c:a', 'aac', '-metadata:s:a:0', 'language=ger']],
];

describe('CodecReader compared with ffprobe', () => {
  for (const [name, encoder, args] of [...videos, ...audios]) {
    const missing = hasFfmpeg && !hasEncoder(encoder);
    it(`agrees on ${name}${needsFfmpeg}${missing ? ` (skipped: no encoder ${encoder})` : ''}`, async function () {
      if (!hasFfmpeg || missing) this.skip();
      const bytes = ffmpegBytes([...args, ...ts]);
      const [probed] = await probe(bytes);
      const reader = new CodecReader();
      expect(reader.push(bytes)).to.equal('complete');
      const facts = reader.facts();
      if (probed?.codec_type === 'video') expectVideo(facts?.video[0], probed);
      else expectAudio(facts?.audio[0], probed!);
    });
  }
});
