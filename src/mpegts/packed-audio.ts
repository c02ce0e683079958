import { readAc3 } from './ac3.ts';
import { readAdts } from './aac.ts';
import type { AudioFrame } from './audio-format.ts';
import { readMpegAudio } from './mpeg-audio.ts';
import { ptsHz, wrapPts } from './time.ts';
import type { MuxTrack, MuxUnit } from './unit-muxer.ts';

const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0', 'latin1');
const mostRest = 131_072;

/**
 * Takes the frames out of bare sound (RFC 8216 3.4): ADTS, MPEG audio, AC-3 or E-AC-3, with an ID3 tag in front that holds the time of the
 * first one. Without a tag, frames go on where the last ones ended.
 */
export class PackedAudio {
  #rest: Buffer = Buffer.alloc(0);
  /** Time of the next frame in 90 kHz ticks, with a fraction. */
  #at = 0;
  #track: MuxTrack | null = null;

  /** Null before the first frame. */
  get track(): MuxTrack | null {
    return this.#track;
  }

  push(chunk: Buffer): MuxUnit[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const out: MuxUnit[] = [];
    for (let used = this.#step(out); used > 0; used = this.#step(out)) this.#rest = this.#rest.subarray(used);
    return out;
  }

  /** The next byte belongs to another segment. */
  restart(): void {
    this.#rest = Buffer.alloc(0);
  }

  /** Bytes that were used; 0 when more are needed. */
  #step(out: MuxUnit[]): number {
    const bytes = this.#rest;
    if (bytes.length < 10) return 0;
    if (bytes.toString('latin1', 0, 3) === 'ID3') return this.#tag(bytes);
    const frame = readAdts(bytes, 0) ?? readAc3(bytes, 0) ?? readMpegAudio(bytes, 0);
    // Something else lies between two frames: the next one is looked for.
    if (frame === null || frame.length > mostRest) return nextStart(bytes);
    if (bytes.length < frame.length) return 0;
    this.#track ??= trackOf(frame);
    const time = wrapPts(Math.round(this.#at));
    out.push({ track: 0, pts: time, dts: time, isKey: true, data: bytes.subarray(0, frame.length) });
    this.#at += (frame.samples * ptsHz) / frame.sampleRate;
    return frame.length;
  }

  #tag(bytes: Buffer): number {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
    const length = 10 + (((a & 0x7f) << 21) | ((b & 0x7f) << 14) | ((c & 0x7f) << 7) | (d & 0x7f));
    if (bytes.length < length) return length > mostRest ? 3 : 0;
    const at = bytes.subarray(0, length).indexOf(owner);
    if (at >= 0 && at + owner.length + 8 <= length) {
      const high = bytes.readUInt32BE(at + owner.length) & 1;
      this.#at = high * 2 ** 32 + bytes.readUInt32BE(at + owner.length + 4);
    }
    return length;
  }
}

/** The next place where a frame or a tag may begin, behind the first byte. */
function nextStart(bytes: Buffer): number {
  let at = 1;
  while (at < bytes.length && bytes[at] !== 0xff && bytes[at] !== 0x0b && bytes[at] !== 0x49) at++;
  return at;
}

const streamTypes: Readonly<Record<string, readonly [streamType: number, streamId: number, registration?: string]>> = {
  aac: [0x0f, 0xc0],
  ac3: [0x81, 0xbd, 'AC-3'],
  eac3: [0x87, 0xbd, 'EAC3'],
};

function trackOf({ codec }: AudioFrame): MuxTrack {
  const [streamType, streamId, registration] = streamTypes[codec] ?? [0x03, 0xc0];
  const descriptors =
    registration === undefined ? {} : { descriptors: Buffer.from(`\x05\x04${registration}`, 'latin1') };
  return { isVideo: false, streamType, streamId, ...descriptors };
}
