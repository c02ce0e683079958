import { CoaxError } from '../errors.ts';
import { boxHead } from './boxes.ts';
import { readMoof } from './moof.ts';
import { readMoov } from './moov.ts';
import type { SamplePlace, Track } from './track.ts';

/** A sample with its bytes, and its track as the initialization section before it has it. */
export interface Sample extends SamplePlace {
  readonly track: Track;
  readonly data: Buffer;
}

/** Boxes that are read whole; all others are passed over. */
const mostHeadBytes = 16_777_216;
const mostSampleBytes = 33_554_432;

/**
 * Reads fragmented MP4 as it comes in: an initialization section, then any number of fragments. Samples are given as soon as their last
 * byte is there, in the order of the file. Throws UPSTREAM_BAD_CONTENT for what can not be read.
 */
export class Fmp4Reader {
  #tracks: readonly Track[] = [];
  readonly #decodeTimes = new Map<number, number>();
  /** By how much files with negative composition offsets decode later than they show; a transport stream must not (ISO 13818-1 2.4.3.6). */
  readonly #leads = new Map<number, number>();
  /** Not yet used, and where it stands in the bytes since the last moof. */
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;
  #skip = 0;
  /** Samples still to come, nearest first. */
  #places: readonly SamplePlace[] = [];
  #nextPlace = 0;
  /** Bytes of the present mdat still to come; -1 outside of one. */
  #media = -1;

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  push(chunk: Buffer): Sample[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const out: Sample[] = [];
    while (this.#step(out));
    return out;
  }

  /** The next byte belongs to another file: whatever is half read is dropped. */
  restart(): void {
    this.#rest = Buffer.alloc(0);
    this.#skip = 0;
    this.#places = [];
    this.#media = -1;
  }

  #step(out: Sample[]): boolean {
    if (this.#skip > 0) return this.#drop();
    if (this.#media >= 0) return this.#readMedia(out);
    const head = boxHead(this.#rest, 0);
    if (head === null) return false;
    const { type, size, header } = head;
    if (size !== 0 && size < header) throw broken('a box that is smaller than its head');
    if (type === 'mdat') {
      this.#media = size === 0 ? Number.POSITIVE_INFINITY : size - header;
      this.#advance(header);
      return true;
    }
    if (type !== 'moov' && type !== 'moof') {
      this.#skip = size === 0 ? Number.POSITIVE_INFINITY : size;
      return this.#rest.length > 0;
    }
    if (size === 0 || size > mostHeadBytes) throw broken(`a ${type} box of ${size} bytes`);
    if (this.#rest.length < size) return false;
    this.#readHead(type, this.#rest.subarray(0, size), header);
    this.#advance(size);
    return true;
  }

  #readHead(type: 'moov' | 'moof', box: Buffer, header: number): void {
    if (type === 'moov') {
      this.#tracks = readMoov(box, { start: header, end: box.length });
      return;
    }
    if (this.#tracks.length === 0) throw broken('a fragment without an initialization section');
    this.#position = 0;
    const places = readMoof(box, this.#tracks, this.#decodeTimes).filter(({ size }) => size > 0);
    for (const { trackId, pts, dts } of places)
      this.#leads.set(trackId, Math.max(this.#leads.get(trackId) ?? 0, dts - pts));
    this.#nextPlace = 0;
    this.#places = places
      .map((place) => ({ ...place, dts: place.dts - (this.#leads.get(place.trackId) ?? 0) }))
      .sort((one, other) => one.offset - other.offset);
  }

  #readMedia(out: Sample[]): boolean {
    let used = 0;
    const end = Math.min(this.#rest.length, this.#media);
    for (let place = this.#places[this.#nextPlace]; place !== undefined; place = this.#places[this.#nextPlace]) {
      const from = place.offset - this.#position;
      if (place.size > mostSampleBytes) throw broken(`a sample of ${place.size} bytes`);
      // What lies before this place has been passed: no file that is streamed has that.
      if (from < used) this.#nextPlace++;
      else if (from + place.size <= end) {
        const track = this.#tracks.find(({ id }) => id === place.trackId);
        if (track !== undefined) out.push({ ...place, track, data: this.#rest.subarray(from, from + place.size) });
        used = from + place.size;
        this.#nextPlace++;
      } else {
        // Bytes before the next sample are of no use any more.
        used = Math.max(used, Math.min(from, end));
        break;
      }
    }
    if (this.#nextPlace >= this.#places.length) used = end;
    if (this.#media <= this.#rest.length) used = this.#media;
    this.#media -= used;
    this.#advance(used);
    if (this.#media > 0) return false;
    this.#media = -1;
    return true;
  }

  #drop(): boolean {
    const count = Math.min(this.#skip, this.#rest.length);
    this.#skip -= count;
    this.#advance(count);
    return this.#rest.length > 0;
  }

  #advance(count: number): void {
    this.#rest = this.#rest.subarray(count);
    this.#position += count;
  }
}

function broken(what: string): CoaxError {
  return new CoaxError('UPSTREAM_BAD_CONTENT', `The provider sent an MP4 segment with ${what}`);
}
