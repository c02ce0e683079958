import { buildPmt } from '../../../src/mpegts/psi.ts';
import { Generation } from '../../../src/relay/generation.ts';
import { writeMediaPlaylist } from '../../../src/relay/hls-out/media-playlist.ts';
import type { Segment } from '../../../src/relay/hls-out/segment.ts';
import { Segmenter } from '../../../src/relay/hls-out/segmenter.ts';
import { Timeline, type TimelineOptions } from '../../../src/relay/hls-out/timeline.ts';
import { Outlet } from '../../../src/relay/outlet.ts';
import { RawGeneration } from '../../../src/relay/raw-generation.ts';
import {
  accessUnitDelimiter,
  adtsFrame,
  audioPid,
  h264Pps,
  h264Slice,
  h264Sps,
  pes,
  plainPat,
  plainPmt,
  pmtPid,
  TsWriter,
  videoPid,
} from '../../support/ts-builder.ts';
import { HlsValidator } from '../../support/hls-validator.ts';

export interface StreamOptions {
  /** Frames between key frames, one after the other and then again. */
  readonly gops: readonly number[];
  readonly frames: number;
  readonly frameRate?: number;
  readonly startPts?: number;
  /** Without a clock reference. */
  readonly withoutPcr?: boolean;
  /** Frames at which the provider's clock jumps, and by how many ticks. */
  readonly jumps?: Readonly<Record<number, number>>;
  /** Frames at which the picture gets another width, at the next key frame. */
  readonly widths?: Readonly<Record<number, number>>;
  readonly writer?: TsWriter;
}

/** A stream whose sound is cut into packets that lie between the pictures: at most key frames half a unit of it is sent. */
export function* pictures(options: StreamOptions): Generator<Buffer> {
  const { gops, frames, frameRate = 25, startPts = 90_000, withoutPcr = false, jumps = {}, widths = {} } = options;
  const writer = options.writer ?? new TsWriter();
  const waiting: Buffer[] = [];
  let width = 1280;
  let pts = startPts;
  let gop = 0;
  let left = 0;
  for (let frame = 0; frame < frames; frame++) {
    pts += (frame === 0 ? 0 : Math.round(90_000 / frameRate)) + (jumps[frame] ?? 0);
    width = widths[frame] ?? width;
    const isKey = left === 0;
    if (isKey) left = gops[gop++ % gops.length] ?? 1;
    left--;
    const parts: Buffer[] = [];
    if (isKey) parts.push(writer.section(0, plainPat), writer.section(pmtPid, plainPmt));
    const sets = isKey ? [h264Sps({ width, frameRate }), h264Pps] : [];
    const picture = Buffer.concat([accessUnitDelimiter, ...sets, h264Slice(isKey ? 'idr' : 'p', 700)]);
    const unit = writer.unit(videoPid, pes(0xe0, picture, { pts }), {
      ...(withoutPcr ? {} : { pcr: (pts + 2 ** 33 - 18_000) * 300 }),
      randomAccess: isKey,
    });
    if (frame % 3 === 0) {
      const sound = writer.unit(
        audioPid,
        pes(0xc0, Buffer.concat(Array.from({ length: 6 }, () => adtsFrame(150))), { pts }),
      );
      for (let at = 0; at < sound.length; at += 188) waiting.push(sound.subarray(at, at + 188));
    }
    yield Buffer.concat([...parts, unit, ...waiting.splice(0, 2)]);
  }
}

/** Only sound, in its transport stream. */
export function* sounds(frames: number, startPts = 90_000): Generator<Buffer> {
  const writer = new TsWriter();
  for (let n = 0; n < frames; n++) {
    const pts = startPts + n * 1920 * 5;
    const tables = n % 5 === 0 ? [writer.section(0, plainPat), writer.section(pmtPid, soundPmt)] : [];
    yield Buffer.concat([
      ...tables,
      writer.unit(audioPid, pes(0xc0, Buffer.concat(Array.from({ length: 5 }, () => adtsFrame(150))), { pts }), {
        pcr: pts * 300,
      }),
    ]);
  }
}

const soundPmt = buildPmt({ programNumber: 1, pcrPid: audioPid, streams: [{ pid: audioPid, streamType: 0x0f }] });

/** A ring that is fed as in a relay, cut into a time line that a validator watches at every change. */
export class CutStage {
  readonly validator = new HlsValidator();
  readonly segments: Segment[] = [];
  readonly outlet: Outlet;
  readonly segmenter: Segmenter;
  readonly timeline: Timeline;
  #generation: Generation | RawGeneration | null = null;

  constructor(options: Partial<TimelineOptions> & { readonly reads?: boolean; readonly ringMs?: number } = {}) {
    const { reads = true, ringMs = 60_000, ...rest } = options;
    const segmentMs = rest.segmentMs ?? 2_000;
    this.outlet = new Outlet({
      maxBytes: 33_554_432,
      maxMs: ringMs,
      consumers: () => 1,
      hurry: () => false,
      grown: () => {
        if (reads) this.segmenter.pump(this.outlet.ring);
      },
    });
    this.timeline = new Timeline({
      segmentMs,
      windowMs: 16_000,
      maxBytes: 1e9,
      numbers: { sequence: 100, discontinuities: 0 },
      gopSeconds: () => this.segmenter.gopSeconds,
      ...rest,
    });
    this.segmenter = new Segmenter({
      targetSeconds: segmentMs / 1_000,
      sink: {
        cut: (cut) => {
          this.timeline.add(cut);
          this.#look();
        },
        mostSeconds: () => this.timeline.mostSeconds,
      },
    });
    this.segmenter.attach(this.outlet.ring);
  }

  /** What players read now. */
  get playlist(): string {
    const { target, discontinuitySequence, isIndependent, listed } = this.timeline;
    return writeMediaPlaylist({ target, discontinuitySequence, isIndependent, segments: listed });
  }

  /** Begins the next generation. */
  generation({ raw = false, slate = false } = {}): this {
    const sink = {
      position: () => this.outlet.position(),
      packets: (packets: Buffer) => this.outlet.packets(packets),
      entry: (entry: Parameters<Outlet['entry']>[0]) => this.outlet.entry(slate ? { ...entry, slate: true } : entry),
    };
    this.#generation = raw ? new RawGeneration(sink) : new Generation(sink, this.outlet.seam);
    return this;
  }

  /** Feeds pieces as they would come from a socket, cut at odd places. */
  feed(pieces: Iterable<Buffer>, cutAt = 10_000, nowMs = 0): this {
    if (this.#generation === null) this.generation();
    const bytes = Buffer.concat([...pieces]);
    for (let at = 0; at < bytes.length; at += cutAt) {
      this.#generation?.push(Buffer.from(bytes.subarray(at, at + cutAt)), nowMs);
      this.outlet.settle();
    }
    return this;
  }

  /** The relay is over. */
  end(): this {
    this.outlet.flush();
    this.segmenter.detach(this.outlet.ring);
    return this;
  }

  #look(): void {
    const segment = this.timeline.listed.at(-1);
    if (segment === undefined) return;
    this.segments.push(segment);
    // A playlist is not given out before there is enough for a player to begin.
    if (!this.timeline.isReady(0)) return;
    this.validator.playlist(this.playlist);
    for (const { sequence } of this.validator.missing) {
      const kept = this.timeline.get(sequence);
      if (kept?.form === 'ts') this.validator.segment(sequence, Buffer.concat(kept.parts));
    }
  }
}
