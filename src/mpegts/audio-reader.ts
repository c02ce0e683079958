import type { AudioFacts } from '../model/codec-facts.ts';
import { loasLength, readAdts, readLoas } from './aac.ts';
import { readAc3 } from './ac3.ts';
import type { AudioFrame, AudioFrameReader } from './audio-format.ts';
import { readMpegAudio } from './mpeg-audio.ts';

const maxBytes = 32_768;
/** Bytes read without finding a frame before the stream is given up. */
const patience = 262_144;
/** Frames over which a bit rate is measured that the header does not tell. */
const framesWanted = 40;

const readers: ReadonlyMap<string, readonly AudioFrameReader[]> = new Map([
  ['aac', [readAdts, readLoas]],
  ['aac_latm', [readLoas, readAdts]],
  ['ac3', [readAc3]],
  ['eac3', [readAc3]],
  ['mp2', [readMpegAudio]],
  ['mp3', [readMpegAudio]],
]);

/** Reads what one audio stream tells of itself, from the headers of its frames. */
export class AudioReader {
  readonly #codec: string;
  #bytes = Buffer.alloc(4096);
  #length = 0;
  #taken = 0;
  #frame: AudioFrame | null = null;
  #frames = 0;
  #frameBytes = 0;
  #samples = 0;
  #substreams = false;
  /** Where the walk over frames goes on. */
  #walk = -1;

  constructor(codec: string) {
    this.#codec = codec;
  }

  get done(): boolean {
    if (!readers.has(this.#codec) || this.#taken >= patience) return true;
    return this.#frame !== null && (this.#frames >= framesWanted || this.#length >= maxBytes);
  }

  /** Channels and sample rate are known for sure. */
  get told(): boolean {
    return this.#frame !== null && this.#frame.unsure !== true && !this.#substreams;
  }

  push(bytes: Buffer, from: number, to: number): void {
    if (this.done) return;
    const count = Math.min(to - from, maxBytes - this.#length);
    if (this.#length + count > this.#bytes.length) {
      const larger = Buffer.alloc(Math.min(maxBytes, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length, from, from + count);
    this.#length += count;
    this.#taken += count;
    if (this.#frame === null) this.#find();
    if (this.#frame !== null) this.#count(this.#frame);
    else if (this.#length === maxBytes) this.#length = 0;
  }

  facts(): Omit<AudioFacts, 'pid' | 'language'> {
    const frame = this.#frame;
    if (frame === null) return { codec: this.#codec };
    const measured =
      this.#samples > 0 ? Math.round((this.#frameBytes * 8 * frame.sampleRate) / this.#samples) : undefined;
    const bitRate = frame.bitRate ?? measured;
    return {
      codec: frame.codec,
      ...(frame.profile === undefined ? {} : { profile: frame.profile }),
      ...(frame.channels === undefined ? {} : { channels: frame.channels }),
      sampleRate: frame.sampleRate,
      ...(bitRate === undefined ? {} : { bitRate }),
    };
  }

  /** Looks for two frames that follow each other. */
  #find(): void {
    const bytes = this.#bytes.subarray(0, this.#length);
    for (const read of readers.get(this.#codec) ?? []) {
      for (let at = 0; at + 8 < bytes.length; at++) {
        const frame = read(bytes, at);
        if (frame === null || frame.samples === 0) continue;
        const next = at + frame.length;
        if (next + 8 > bytes.length || !follows(bytes, next, frame, read)) continue;
        this.#frame = frame;
        this.#walk = at;
        return;
      }
    }
  }

  #count(first: AudioFrame): void {
    const bytes = this.#bytes.subarray(0, this.#length);
    while (this.#walk + 8 <= bytes.length && this.#frames < framesWanted) {
      let length = first.length;
      let samples = first.samples;
      if (first.codec === 'aac_latm') length = loasLength(bytes, this.#walk);
      else {
        const frame = readers.get(this.#codec)?.[0]?.(bytes, this.#walk) ?? null;
        length = frame?.length ?? -1;
        samples = frame?.samples ?? 0;
        if (frame?.samples === 0) this.#substreams = true;
      }
      // Lost packets end the count; what was counted stands.
      if (length <= 0) this.#walk = maxBytes;
      else {
        this.#walk += length;
        this.#frames++;
        this.#frameBytes += length;
        this.#samples += samples;
      }
    }
  }
}

function follows(bytes: Buffer, at: number, frame: AudioFrame, read: AudioFrameReader): boolean {
  if (frame.codec === 'aac_latm') return loasLength(bytes, at) > 0;
  const next = read(bytes, at);
  return next !== null && next.codec === frame.codec && next.sampleRate === frame.sampleRate;
}
