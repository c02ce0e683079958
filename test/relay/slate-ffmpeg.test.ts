import { expect } from 'chai';
import type { CodecFacts } from '../../src/model/codec-facts.ts';
import { firstLayout, layoutOf } from '../../src/relay/slate-layout.ts';
import { slateReasons } from '../../src/relay/slate-reason.ts';
import { SlateStream } from '../../src/relay/slate-stream.ts';
import { ffmpegBytes, hasEncoder, needsFfmpeg, runWith } from '../support/ffmpeg.ts';
import { checkTs } from '../support/ts-check.ts';
import { joined } from './joined.ts';

const decode = ['-v', 'warning', '-nostdin', '-i', 'pipe:0', '-map', '0', '-f', 'null', '-progress', 'pipe:1', '-'];

function framesOf(progress: string): number {
  return Number([...progress.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0);
}

async function expectDecoded(bytes: Buffer, frames: number): Promise<void> {
  expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
  const { code, stderr, stdout } = await runWith('ffmpeg', decode, bytes);
  expect(stderr).to.equal('');
  expect(code).to.equal(0);
  expect(framesOf(stdout)).to.be.within(frames - 3, frames + 8);
}

const facts = (video: string | null, audio: string, height?: number): CodecFacts => ({
  container: 'mpegts',
  video: video === null ? [] : [{ codec: video, ...(height === undefined ? {} : { height }) }],
  audio: [{ codec: audio }],
  subtitles: [],
  observedAt: 0,
  by: 'stream',
});

/** Frames of a slate that begins without anything before it. */
function firstSlate(known: CodecFacts | null, frames: number): Buffer {
  const layout = firstLayout(known);
  if (layout === null) throw new Error('no layout');
  return new SlateStream(layout, 'in-use').frames(frames);
}

/** Frames of a slate that goes on from `sent`. */
function nextSlate(sent: Buffer, known: CodecFacts | null, frames: number): Buffer {
  const tables = joined(sent).entries.at(-1)?.tables ?? Buffer.alloc(0);
  const layout = layoutOf(tables, known);
  if (layout === null) throw new Error('no layout');
  return new SlateStream(layout, 'offline').frames(frames);
}

/** A second of a channel, 25 frames of 320x180. */
function channel(video: string, audio: string, startPid: number, pmtPid: number): Buffer {
  const sources = '-f lavfi -i testsrc=size=320x180:rate=25 -f lavfi -i sine=sample_rate=48000 -t 1';
  const quiet = video === 'libx265' ? '-x265-params log-level=none' : '';
  const picture = `-c:v ${video} -preset ultrafast -bf 0 -g 25 ${quiet} -pix_fmt yuv420p -c:a ${audio}`;
  const muxer = `-f mpegts -mpegts_start_pid ${startPid} -mpegts_pmt_start_pid ${pmtPid} -mpegts_service_id 7`;
  return ffmpegBytes(`${sources} ${picture} ${muxer}`.split(' ').filter((word) => word !== ''));
}

describe(`A slate, decoded by ffmpeg${needsFfmpeg}`, function () {
  this.timeout(30_000);
  before(function () {
    if (!hasEncoder('libx264')) this.skip();
  });

  it('is a picture with sound for each reason, also when the reason changes', async () => {
    for (const height of [480, 720, 1080]) {
      const layout = firstLayout(facts('h264', 'aac', height));
      if (layout === null) throw new Error('no layout');
      const stream = new SlateStream(layout, 'starting');
      const parts = slateReasons.map((reason) => {
        stream.show(reason);
        return stream.frames(10);
      });
      // oxlint-disable-next-line no-await-in-loop -- one decoder at a time
      await expectDecoded(Buffer.concat(parts), 10 * slateReasons.length);
    }
  });

  it('goes over into a channel whose streams have other PIDs, without an error line and with all frames', async () => {
    for (const [startPid, pmtPid] of [
      [0x300, 0x1000],
      [0x101, 0x100],
      [0x44, 0x101],
    ] as const) {
      const clip = channel('libx264', 'aac', startPid, pmtPid);
      // oxlint-disable-next-line no-await-in-loop -- one decoder at a time
      await expectDecoded(joined(firstSlate(null, 20), clip).bytes, 20 + 25);
    }
  });

  for (const [video, encoder, audio] of [
    ['h264', 'libx264', 'aac'],
    ['h264', 'libx264', 'mp2'],
    ['h264', 'libx264', 'ac3'],
    ['hevc', 'libx265', 'eac3'],
  ] as const)
    it(`comes before and between the parts of a channel of ${video} and ${audio}`, async function () {
      if (!hasEncoder(encoder) || !hasEncoder(audio)) this.skip();
      const clip = channel(encoder, audio, 0x200, 0x1f0);
      const known = facts(video, audio, 720);
      const all = [firstSlate(known, 20), clip, nextSlate(clip, known, 60), clip];
      await expectDecoded(joined(...all).bytes, 20 + 25 + 60 + 25);
    });

  it('is silence for a radio channel', async () => {
    const bytes = firstSlate(facts(null, 'mp2'), 250);
    const { stderr, stdout } = await runWith('ffmpeg', decode, bytes);
    expect(stderr).to.equal('');
    expect(Number(/out_time_us=(\d+)\s+(?!.*out_time_us)/s.exec(stdout)?.[1])).to.be.within(9_900_000, 10_100_000);
  });
});
