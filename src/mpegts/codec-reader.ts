import type { AudioFacts, CodecFacts, SubtitleFacts, VideoFacts } from '../model/codec-facts.ts';
import { AudioReader } from './audio-reader.ts';
import {
  hasTransportError,
  isScrambled,
  isUnitStart,
  packetSize,
  payloadOffset,
  pcrOf,
  pidCount,
  pidOf,
} from './packet.ts';
import { isPesStart, pesPayloadStart, ptsOf } from './pes.ts';
import { ProgramTables } from './program-tables.ts';
import type { ElementaryStream } from './psi.ts';
import { pcrDifference } from './time.ts';
import { VideoReader } from './video-reader.ts';

/** Stream time after which streams that have shown nothing are given up. */
const maxTicks = 20 * 27_000_000;
const maxBytes = 64 << 20;
/** Stream time over which bit rates are measured. */
const rateTicks = 27_000_000;
/** A longer step of the PCR is a jump, not time that passed. */
const maxStep = 27_000_000;

interface Track {
  readonly stream: ElementaryStream;
  readonly video: VideoReader | null;
  readonly audio: AudioReader | null;
  /** Payload bytes since the first PCR. */
  bytes: number;
  /** Bytes of a PES header that go on in the next packet. */
  skip: number;
}

/**
 * Reads codec facts from a live stream: what PMT, parameter sets and frame headers tell. Feed it packets until it is no longer
 * `reading`; it costs next to nothing afterwards.
 */
export class CodecReader {
  readonly #tables = new ProgramTables();
  readonly #tracks: (Track | undefined)[] = Array.from<Track | undefined>({ length: pidCount });
  #list: Track[] = [];
  #pcrPid = -1;
  #pcr = -1;
  #ticks = 0;
  #bytes = 0;
  #bytesAtPcr = 0;
  #firstPcrBytes = -1;
  #state: 'reading' | 'complete' | 'incomplete' = 'reading';

  /**
   * `complete`: every stream of the PMT is known. `incomplete`: the transport stream does not tell all of it, and ffprobe may tell more.
   */
  get state(): 'reading' | 'complete' | 'incomplete' {
    return this.#state;
  }

  /** Takes the next packets; `bytes` starts at one. Returns the state afterwards. */
  push(bytes: Buffer): 'reading' | 'complete' | 'incomplete' {
    if (this.#state !== 'reading') return this.#state;
    for (let offset = 0; offset + packetSize <= bytes.length; offset += packetSize) this.#onPacket(bytes, offset);
    this.#conclude();
    return this.#state;
  }

  /** What is known so far, or null before the PMT. `observedAt` is Unix milliseconds. */
  facts(observedAt = Date.now()): CodecFacts | null {
    if (this.#tables.program === null) return null;
    const seconds = this.#ticks / 27_000_000;
    const measured = this.#ticks >= rateTicks;
    const video: VideoFacts[] = [];
    const audio: AudioFacts[] = [];
    const subtitles: SubtitleFacts[] = [];
    for (const track of this.#list) {
      const { pid, codec, kind, language } = track.stream;
      const named = { pid, ...(language === undefined ? {} : { language }) };
      if (track.video !== null) {
        const rate = measured && track.bytes > 0 ? { bitRate: Math.round((track.bytes * 8) / seconds) } : {};
        video.push({ pid, ...track.video.facts(), ...rate });
      } else if (track.audio !== null) audio.push({ ...named, ...track.audio.facts() });
      else if (kind === 'subtitle') subtitles.push({ ...named, codec });
    }
    const bitRate = Math.round(((this.#bytesAtPcr - this.#firstPcrBytes) * 8) / seconds);
    return { container: 'mpegts', video, audio, subtitles, ...(measured ? { bitRate } : {}), observedAt, by: 'stream' };
  }

  /** Begins anew, for another stream. */
  reset(): void {
    this.#tables.reset();
    this.#forget();
    this.#bytes = 0;
    this.#state = 'reading';
  }

  #forget(): void {
    this.#tracks.fill(undefined);
    this.#list = [];
    this.#pcrPid = -1;
    this.#pcr = -1;
    this.#ticks = 0;
    this.#firstPcrBytes = -1;
  }

  #onPacket(bytes: Buffer, offset: number): void {
    const pid = pidOf(bytes, offset);
    if (hasTransportError(bytes, offset)) return;
    if (this.#tables.isTable(pid) && this.#tables.push(bytes, offset, pid)) this.#onProgram();
    if (pid === this.#pcrPid) this.#onClock(pcrOf(bytes, offset));
    this.#bytes += packetSize;
    const track = this.#tracks[pid];
    if (track !== undefined && !isScrambled(bytes, offset)) onPayload(track, bytes, offset);
  }

  #onProgram(): void {
    this.#forget();
    const program = this.#tables.program;
    if (program === null) return;
    this.#pcrPid = program.pcrPid;
    for (const stream of program.streams) {
      const { pid, kind, codec } = stream;
      const video = kind === 'video' ? new VideoReader(codec) : null;
      const audio = kind === 'audio' ? new AudioReader(codec) : null;
      const track = { stream, video, audio, bytes: 0, skip: 0 };
      this.#list.push(track);
      this.#tracks[pid] = track;
    }
  }

  #onClock(pcr: number): void {
    if (pcr < 0) return;
    const step = this.#pcr < 0 ? -1 : pcrDifference(pcr, this.#pcr);
    this.#pcr = pcr;
    if (step > 0 && step <= maxStep) this.#ticks += step;
    else {
      // The first one, or a jump: the measurement starts here.
      this.#ticks = 0;
      this.#firstPcrBytes = this.#bytes;
      for (const track of this.#list) track.bytes = 0;
    }
    this.#bytesAtPcr = this.#bytes;
  }

  #conclude(): void {
    if (this.#tables.program === null) {
      if (this.#bytes > maxBytes) this.#state = 'incomplete';
      return;
    }
    const exhausted = this.#ticks > maxTicks || this.#bytes > maxBytes;
    const done = this.#list.every(({ video, audio }) => (video ?? audio)?.done !== false);
    if (!exhausted && (!done || this.#ticks < rateTicks)) return;
    const told = this.#list.every(({ video, audio }) => (video ?? audio)?.told !== false);
    this.#state = told ? 'complete' : 'incomplete';
  }
}

function onPayload(track: Track, bytes: Buffer, offset: number): void {
  const end = offset + packetSize;
  let start = payloadOffset(bytes, offset);
  track.bytes += end - start;
  const reader = track.video ?? track.audio;
  if (reader === null || reader.done) return;
  if (isUnitStart(bytes, offset)) {
    if (!isPesStart(bytes, start, end)) return;
    track.video?.start(ptsOf(bytes, start, end));
    start = pesPayloadStart(bytes, start);
    track.skip = Math.max(0, start - end);
  } else if (track.skip > 0) {
    const skipped = Math.min(track.skip, end - start);
    track.skip -= skipped;
    start += skipped;
  }
  if (start < end) reader.push(bytes, start, end);
}
