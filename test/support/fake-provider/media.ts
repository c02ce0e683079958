import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasFfmpeg } from '../ffmpeg.ts';
import { syntheticClip } from '../ts-builder.ts';
import type { MediaName } from './settings.ts';

/** A clip that can be looped: `seconds` is both its length and the period of its time stamps. */
export interface LiveMedia {
  readonly path: string;
  readonly seconds: number;
}

const picture = (seconds: number, size = '640x360', rate = 25) =>
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`;
/** Whole audio frames that last exactly as long as the picture, less the one frame encoders add in front. */
const tone = (seconds: number, frame: number, layout = 'stereo') =>
  `sine=frequency=440:beep_factor=4:sample_rate=48000,aformat=channel_layouts=${layout},atrim=end_sample=${seconds * 48_000 - frame}`;

const gop = (frames: number) => ['-g', String(frames), '-keyint_min', String(frames), '-sc_threshold', '0'];
const mpegts = (muxRate: string) => ['-muxrate', muxRate, '-f', 'mpegts', '-pat_period', '0.3'];
const words = (text: string) => text.split(' ');
const inputs = (...sources: readonly string[]) => sources.flatMap((source) => ['-f', 'lavfi', '-i', source]);
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

interface Recipe {
  readonly seconds: number;
  readonly args: readonly string[];
}

function liveRecipe(
  seconds: number,
  frame: number,
  video: readonly string[],
  audio: readonly string[],
  rate: string,
): Recipe {
  const inputs = ['-f', 'lavfi', '-i', picture(seconds), '-f', 'lavfi', '-i', tone(seconds, frame)];
  return { seconds, args: [...inputs, ...video, ...audio, ...mpegts(rate)] };
}

/** Lengths are multiples of 0.32 s (AAC, AC-3: 1024 and 1536 samples) or 0.12 s (MP2: 1152) so that picture and sound wrap together. */
const liveRecipes: Readonly<Record<MediaName, Recipe>> = {
  'h264-aac': liveRecipe(
    64,
    1024,
    [...x264, '-tune', 'zerolatency', ...gop(50), '-b:v', '1500k', '-maxrate', '1500k', '-bufsize', '700k'],
    ['-c:a', 'aac', '-b:a', '128k'],
    '2000k',
  ),
  'hevc-ac3': liveRecipe(
    24,
    1536,
    [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      '-x265-params',
      'keyint=50:min-keyint=50:scenecut=0:log-level=none:open-gop=0',
      '-b:v',
      '900k',
      '-maxrate',
      '900k',
      '-bufsize',
      '600k',
    ],
    ['-c:a', 'ac3', '-b:a', '192k'],
    '1800k',
  ),
  'mpeg2-mp2': liveRecipe(
    24,
    1152,
    [
      '-c:v',
      'mpeg2video',
      '-g',
      '25',
      '-b:v',
      '1500k',
      '-maxrate',
      '1500k',
      '-bufsize',
      '700k',
      '-flags',
      '+ildct+ilme',
      '-top',
      '1',
    ],
    ['-c:a', 'mp2', '-b:a', '192k'],
    '2400k',
  ),
  // Smaller, with pictures that are out of order, in other PIDs, and mono.
  'h264-sd': {
    seconds: 32,
    args: [
      ...inputs(picture(32, '480x270', 30), tone(32, 1024, 'mono')),
      ...words('-c:v libx264 -preset superfast -bf 2 -pix_fmt yuv420p -b:v 600k -maxrate 600k -bufsize 400k'),
      ...gop(60),
      ...words('-c:a aac -b:a 64k -mpegts_start_pid 0x31'),
      ...mpegts('1000k'),
    ],
  },
  // Larger, faster, with six channels of sound.
  'h264-hd': {
    seconds: 32,
    args: [
      ...inputs(picture(32, '1280x720', 50), tone(32, 1024, '5.1')),
      ...x264,
      ...gop(50),
      ...words('-b:v 2500k -maxrate 2500k -bufsize 1200k'),
      ...words('-c:a aac -b:a 320k -mpegts_start_pid 0x200 -mpegts_pmt_start_pid 0x42'),
      ...mpegts('3600k'),
    ],
  },
  // A still picture and silence, as panels send them over and over to say that a limit is reached.
  'limit-slate': {
    seconds: 3.84,
    args: [
      ...inputs('color=c=red:size=640x360:rate=25:duration=3.84', 'anullsrc=r=48000:cl=stereo,atrim=end_sample=183296'),
      ...x264,
      ...gop(48),
      ...words('-c:a aac -b:a 64k'),
      ...mpegts('600k'),
    ],
  },
  radio: {
    seconds: 64,
    args: ['-f', 'lavfi', '-i', tone(64, 1024), '-c:a', 'aac', '-b:a', '96k', ...mpegts('140k')],
  },
};

/** 672 s of picture and sound: 56 s encoded once, repeated by copying. Matroska ends with its cues, MP4 with its moov. */
const movieSeconds = 672;
const movieClip: Recipe = {
  seconds: 56,
  args: [
    '-f lavfi -i'.split(' '),
    picture(56),
    '-f lavfi -i'.split(' '),
    tone(56, 1024),
    x264,
    '-bf 2 -b:v 950k -maxrate 1100k -bufsize 1000k'.split(' '),
    gop(50),
    '-c:a aac -b:a 96k -f mp4'.split(' '),
  ].flat(),
};

/** Runs ffmpeg; its last argument is the output. Throws with what it said. */
export async function runFfmpeg(args: readonly string[], output: string): Promise<void> {
  const child = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, output], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said.slice(-800)}`);
}

function cacheFolder(): string {
  const recipe = JSON.stringify([liveRecipes, movieClip, movieSeconds]);
  const folder = join(tmpdir(), `coax-media-${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const underWay = new Map<string, Promise<string>>();

/** The file `name` of the cache, made at most once; several processes may ask at the same time. */
export async function cachedMedia(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder(), name);
  if (existsSync(path)) return path;
  const running = underWay.get(path);
  if (running !== undefined) return running;
  const work = (async () => {
    const draft = join(cacheFolder(), `draft-${process.pid}-${name}`);
    try {
      await make(draft);
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
      underWay.delete(path);
    }
    return path;
  })();
  underWay.set(path, work);
  return work;
}

/** Looks like a movie to everything but a decoder: for machines without ffmpeg. */
async function writeNoise(path: string): Promise<void> {
  const block = Buffer.alloc(1_048_576);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  await writeFile(
    path,
    Array.from({ length: 64 }, () => block),
  );
}

/** A looping transport stream. Without ffmpeg it is a synthetic one, which parses but shows nothing. */
export async function liveMedia(name: MediaName): Promise<LiveMedia> {
  if (!hasFfmpeg) {
    const path = await cachedMedia('synthetic.ts', (draft) => writeFile(draft, syntheticClip(20_000)));
    return { path, seconds: 20 };
  }
  const recipe = liveRecipes[name];
  return {
    path: await cachedMedia(`live-${name}.ts`, (path) => runFfmpeg(recipe.args, path)),
    seconds: recipe.seconds,
  };
}

/** A movie of about 90 MB and 11 minutes; noise of 64 MB without ffmpeg. */
export async function movieMedia(ext: 'mkv' | 'mp4'): Promise<string> {
  if (!hasFfmpeg) return cachedMedia(`noise.${ext}`, writeNoise);
  const clip = await cachedMedia('movie-clip.mp4', (path) => runFfmpeg(movieClip.args, path));
  const loops = String(movieSeconds / movieClip.seconds - 1);
  return cachedMedia(`movie.${ext}`, (path) =>
    runFfmpeg(['-stream_loop', loops, '-i', clip, '-c', 'copy', '-f', ext === 'mkv' ? 'matroska' : 'mp4'], path),
  );
}

/** Makes all that is not there yet: up to a minute, once on a machine. */
export async function prepareMedia(): Promise<void> {
  for (const name of Object.keys(liveRecipes) as MediaName[]) await liveMedia(name);
  for (const ext of ['mkv', 'mp4'] as const) await movieMedia(ext);
}
