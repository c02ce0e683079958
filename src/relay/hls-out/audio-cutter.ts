import { readAdts } from '../../mpegts/aac.ts';
import type { AudioFrame } from '../../mpegts/audio-format.ts';
import { readMpegAudio } from '../../mpegts/mpeg-audio.ts';
import { ptsHz, wrapPts } from '../../mpegts/time.ts';
import { HeldPieces } from './held-pieces.ts';
import { timestampTag } from './id3.ts';
import { type CutSink, packed, type SegmentForm } from './segment.ts';

/** Enough for the header of a frame, and of an ID3 tag. */
const headBytes = 10;

export interface AudioCutterOptions {
  readonly sink: CutSink;
  readonly targetSeconds: number;
}

/** The segment that is being filled. */
interface Open {
  readonly start: number;
  readonly arrivedMs: number;
  readonly form: SegmentForm;
  readonly sampleRate: number;
  readonly discontinuity: boolean;
  samples: number;
}

/**
 * Cuts the bare sound of a radio station (ADTS or MP3) between frames into packed audio segments (RFC 8216 3.4): each begins with a tag
 * that tells its time. How long they last is counted in samples.
 */
export class AudioCutter {
  readonly #options: AudioCutterOptions;
  readonly #held = new HeldPieces();
  #position = 0;
  #wallMs = 0;
  /** Where the next frame begins. */
  #next = 0;
  #open: Open | null = null;
  #broken = true;
  /** Time of the open segment's first sample, in 90 kHz ticks. */
  #ticks = 0;

  constructor(options: AudioCutterOptions) {
    this.#options = options;
  }

  /** Any frame may be the last of a segment. */
  get gopSeconds(): number {
    return 0.1;
  }

  restart(position: number): void {
    this.#held.clear();
    this.#position = position;
    this.#next = position;
    this.#open = null;
    this.#broken = true;
  }

  push(data: Buffer, wallMs: number): void {
    this.#wallMs = wallMs;
    this.#held.push(data, this.#position);
    this.#position += data.length;
    while (this.#next + headBytes <= this.#position) {
      const head = this.#held.peek(this.#next, headBytes);
      const frame = readAdts(head, 0) ?? readMpegAudio(head, 0);
      if (frame === null) this.#skip(head);
      else if (!this.#take(frame)) return;
    }
  }

  /** The stream is over: all whole frames come out. */
  flush(): void {
    const open = this.#open;
    if (open !== null && open.samples > 0) this.#close(open);
    this.restart(this.#position);
  }

  /** True when the frame could be taken; false while it is not certain that it is one. */
  #take(frame: AudioFrame): boolean {
    const form: SegmentForm = frame.codec === 'aac' ? 'aac' : 'mp3';
    const open = this.#open;
    if (open === null) {
      // Bytes that look like a header are one when another follows where it says.
      if (this.#next + frame.length + headBytes > this.#position) return false;
      const after = this.#held.peek(this.#next + frame.length, headBytes);
      const second = readAdts(after, 0) ?? readMpegAudio(after, 0);
      if (second === null || second.codec !== frame.codec || second.sampleRate !== frame.sampleRate) {
        this.#next++;
        this.#held.take(this.#next);
        return true;
      }
      this.#held.take(this.#next);
      this.#begin(form, frame.sampleRate);
    } else if (form !== open.form || frame.sampleRate !== open.sampleRate) {
      this.#close(open);
      this.#broken = true;
      this.#open = null;
      return true;
    } else if (open.samples / open.sampleRate >= this.#options.targetSeconds) {
      this.#close(open);
      this.#begin(form, frame.sampleRate);
    }
    if (this.#open !== null) this.#open.samples += frame.samples;
    this.#next += frame.length;
    return true;
  }

  #begin(form: SegmentForm, sampleRate: number): void {
    this.#open = {
      start: this.#next,
      arrivedMs: this.#wallMs,
      form,
      sampleRate,
      discontinuity: this.#broken,
      samples: 0,
    };
    this.#broken = false;
  }

  #close(open: Open): void {
    if (open.samples === 0) return;
    const seconds = open.samples / open.sampleRate;
    const parts = packed([timestampTag(this.#ticks), ...this.#held.take(this.#next)]);
    this.#ticks = wrapPts(this.#ticks + Math.round(seconds * ptsHz));
    this.#options.sink.cut({
      form: open.form,
      parts,
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      seconds,
      discontinuity: open.discontinuity,
      atMs: open.arrivedMs,
      slate: false,
      independent: true,
    });
  }

  /** Something that is no frame: an ID3 tag is stepped over at once, anything else byte by byte. */
  #skip(head: Buffer): void {
    if (head.toString('latin1', 0, 3) === 'ID3') {
      const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + ((head[at] ?? 0) & 0x7f), 0);
      this.#next += headBytes + size;
    } else this.#next++;
    if (this.#open === null) this.#held.take(this.#next);
  }
}
