import { CoaxError } from '../errors.ts';
import type { MuxTrack } from '../mpegts/unit-muxer.ts';
import { toAnnexB } from './annex-b.ts';
import { withAdts } from './asc.ts';
import { Fmp4Reader, type Sample } from './reader.ts';
import type { SampleCodec, SampleEntry, Track } from './track.ts';

/** An access unit of a track as a transport stream carries it. Times are 90 kHz ticks, as the file has them. */
export interface Fmp4Unit {
  readonly trackId: number;
  readonly pts: number;
  readonly dts: number;
  readonly isKey: boolean;
  readonly data: Buffer;
}

/** A track that can be carried on. */
export interface CarriedTrack {
  readonly id: number;
  readonly mux: MuxTrack;
}

const ticksHz = 90_000;

/** Makes access units of fragmented MP4. Tracks that a transport stream can not carry are left out as long as there are others. */
export class Fmp4Units {
  readonly #reader = new Fmp4Reader();
  #known: readonly Track[] = this.#reader.tracks;
  #tracks: readonly CarriedTrack[] = [];
  #carried: ReadonlySet<number> = new Set();

  /** Empty before the first initialization section. The first picture, and all sounds. */
  get tracks(): readonly CarriedTrack[] {
    return this.#tracks;
  }

  /** Throws UPSTREAM_BAD_CONTENT when it is encrypted, broken, or in a codec that can not be carried. */
  push(chunk: Buffer): Fmp4Unit[] {
    const samples = this.#reader.push(chunk);
    if (this.#reader.tracks !== this.#known) this.#choose();
    return samples.flatMap((sample) => this.#unitOf(sample));
  }

  /** The next byte belongs to another file of the same tracks. */
  restart(): void {
    this.#reader.restart();
  }

  #choose(): void {
    this.#known = this.#reader.tracks;
    const good = this.#known.filter(({ entries }) => entries.some((entry) => 'codec' in entry));
    const video = good.find(({ kind }) => kind === 'video');
    // Sound alone is not what was asked for when the picture is there and can not be shown.
    const lost = this.#known.find(({ kind }) => kind === 'video');
    if (good.length === 0 || (video === undefined && lost !== undefined)) throw refusal(this.#known);
    const taken = [...(video === undefined ? [] : [video]), ...good.filter(({ kind }) => kind === 'audio')];
    this.#carried = new Set(taken.map(({ id }) => id));
    this.#tracks = taken.map((track, index) => ({ id: track.id, mux: muxTrackOf(track, index) }));
  }

  #unitOf(sample: Sample): Fmp4Unit[] {
    const { track } = sample;
    if (!this.#carried.has(track.id)) return [];
    const entry = track.entries[sample.entry - 1] ?? track.entries[0];
    if (entry === undefined) return [];
    if (!('codec' in entry)) throw refusalOf(entry);
    const { data, isKey } = carried(sample, entry.codec);
    const { trackId } = sample;
    return [{ trackId, pts: ticks(sample.pts, track), dts: ticks(sample.dts, track), isKey, data }];
  }
}

function carried({ data, isSync }: Sample, codec: SampleCodec): { readonly data: Buffer; readonly isKey: boolean } {
  if (codec.name === 'h264' || codec.name === 'hevc') return toAnnexB(data, codec, isSync);
  return { data: codec.name === 'aac' ? withAdts(data, codec.adts) : data, isKey: true };
}

/** Whole seconds apart from the rest, because their product may have more digits than a number. */
function ticks(time: number, { timescale }: Track): number {
  const seconds = Math.floor(time / timescale);
  return seconds * ticksHz + Math.round(((time - seconds * timescale) * ticksHz) / timescale);
}

const streamTypes: Readonly<Record<SampleCodec['name'], readonly [streamType: number, streamId: number]>> = {
  h264: [0x1b, 0xe0],
  hevc: [0x24, 0xe0],
  aac: [0x0f, 0xc0],
  mp3: [0x03, 0xc0],
  // ATSC A/53 part 3 6.1: with its registration, in a private stream.
  ac3: [0x81, 0xbd],
  eac3: [0x87, 0xbd],
};
const registrations: Partial<Record<SampleCodec['name'], string>> = { ac3: 'AC-3', eac3: 'EAC3' };

function muxTrackOf({ kind, entries, language }: Track, index: number): MuxTrack {
  const codec = entries.find((entry) => 'codec' in entry)?.codec.name ?? 'aac';
  const [streamType, streamId] = streamTypes[codec];
  const registration = registrations[codec];
  const descriptors = Buffer.concat([
    registration === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x05, 4]), Buffer.from(registration)]),
    language === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([0x0a, 4]), Buffer.from(language), Buffer.from([0])]),
  ]);
  return {
    isVideo: kind === 'video',
    streamType,
    streamId: streamId === 0xc0 ? streamId + (index & 0x0f) : streamId,
    descriptors,
  };
}

function refusal(tracks: readonly Track[]): CoaxError {
  const entries = tracks.flatMap((track) => track.entries);
  const entry =
    entries.find((each) => 'refused' in each && each.refused === 'encrypted') ??
    entries.find((each) => 'refused' in each);
  return entry === undefined || 'codec' in entry
    ? new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent an MP4 segment without picture and sound')
    : refusalOf(entry);
}

function refusalOf({ refused, format }: Extract<SampleEntry, { readonly refused: string }>): CoaxError {
  if (refused === 'encrypted') return unplayable('The stream is encrypted with DRM, which Coax can not undo');
  const shown = /^[\w.-]{4}$/.test(format) ? format : 'unknown';
  return unplayable(`The stream has the format ${shown}, which a transport stream can not carry`);
}

/** No other segment of the stream helps. */
function unplayable(message: string): CoaxError {
  return new CoaxError('UPSTREAM_BAD_CONTENT', message, { details: { reason: 'unplayable' } });
}
