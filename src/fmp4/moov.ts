import { type Box, boxAt, boxesIn, FieldReader } from './boxes.ts';
import { readSampleEntries } from './sample-entry.ts';
import type { SampleDefaults, Track } from './track.ts';

const kinds: Readonly<Record<string, Track['kind']>> = { vide: 'video', soun: 'audio' };
const noDefaults: SampleDefaults = { entry: 1, duration: 0, size: 0, flags: 0 };

/** The pictures and sounds that a moov box declares; what else it holds (subtitles, data) is left out. */
export function readMoov(bytes: Buffer, moov: Pick<Box, 'start' | 'end'>): Track[] {
  const defaults = readTrex(bytes, moov);
  const mvhd = boxAt(bytes, moov, 'mvhd');
  const movieScale = mvhd === undefined ? 0 : scaleOf(bytes, mvhd);
  const tracks: Track[] = [];
  for (const trak of boxesIn(bytes, moov.start, moov.end)) {
    if (trak.type !== 'trak') continue;
    const track = readTrack(bytes, trak, movieScale);
    if (track !== null) tracks.push({ ...track, defaults: defaults.get(track.id) ?? noDefaults });
  }
  return tracks;
}

function readTrack(bytes: Buffer, trak: Box, movieScale: number): Omit<Track, 'defaults'> | null {
  const tkhd = boxAt(bytes, trak, 'tkhd');
  const mdhd = boxAt(bytes, trak, 'mdia', 'mdhd');
  const hdlr = boxAt(bytes, trak, 'mdia', 'hdlr');
  const stsd = boxAt(bytes, trak, 'mdia', 'minf', 'stbl', 'stsd');
  if (tkhd === undefined || mdhd === undefined || hdlr === undefined || stsd === undefined) return null;
  const kind = kinds[bytes.toString('latin1', hdlr.start + 8, hdlr.start + 12)];
  const timescale = scaleOf(bytes, mdhd);
  if (kind === undefined || timescale === 0) return null;
  const language = languageOf(bytes, mdhd);
  return {
    id: new FieldReader(bytes, tkhd).skip(isLong(bytes, tkhd) ? 20 : 12).u32(),
    kind,
    timescale,
    shift: readEdits(bytes, trak, timescale / (movieScale || timescale)),
    ...(language === undefined ? {} : { language }),
    entries: readSampleEntries(bytes, stsd, kind),
  };
}

const isLong = (bytes: Buffer, box: Box): boolean => bytes[box.start] === 1;

/** The time scale of an mvhd or mdhd box. */
function scaleOf(bytes: Buffer, box: Box): number {
  return new FieldReader(bytes, box).skip(isLong(bytes, box) ? 20 : 12).u32();
}

/** Three letters of five bits each. */
function languageOf(bytes: Buffer, mdhd: Box): string | undefined {
  const packed = new FieldReader(bytes, mdhd).skip(isLong(bytes, mdhd) ? 32 : 20).u16();
  const letters = [10, 5, 0].map((shift) => String.fromCharCode(0x60 + ((packed >> shift) & 0x1f))).join('');
  return /^[a-z]{3}$/.test(letters) && letters !== 'und' ? letters : undefined;
}

/** An edit list of a delay and a start is all that fragments can have (ISO 14496-12 8.6.6). */
function readEdits(bytes: Buffer, trak: Box, perMovieTick: number): number {
  const elst = boxAt(bytes, trak, 'edts', 'elst');
  if (elst === undefined) return 0;
  const long = isLong(bytes, elst);
  const fields = new FieldReader(bytes, elst).skip(4);
  let delay = 0;
  for (let count = fields.u32(); count > 0 && !fields.overrun; count--) {
    const duration = long ? fields.u64() : fields.u32();
    // 64 bits of minus one are all ones.
    const high = long ? fields.i32() : 0;
    const low = long ? fields.u32() : fields.i32();
    const time = long ? high * 2 ** 32 + low : low;
    fields.skip(4);
    if (fields.overrun) break;
    if (time >= 0) return time - Math.round(delay);
    delay += duration * perMovieTick;
  }
  return -Math.round(delay);
}

function readTrex(bytes: Buffer, moov: Pick<Box, 'start' | 'end'>): Map<number, SampleDefaults> {
  const found = new Map<number, SampleDefaults>();
  const mvex = boxAt(bytes, moov, 'mvex');
  if (mvex === undefined) return found;
  for (const trex of boxesIn(bytes, mvex.start, mvex.end)) {
    if (trex.type !== 'trex') continue;
    const fields = new FieldReader(bytes, trex).skip(4);
    const id = fields.u32();
    found.set(id, { entry: fields.u32(), duration: fields.u32(), size: fields.u32(), flags: fields.u32() });
  }
  return found;
}
