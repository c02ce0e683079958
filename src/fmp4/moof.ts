import { type Box, boxAt, boxesIn, FieldReader } from './boxes.ts';
import type { SampleDefaults, SamplePlace, Track } from './track.ts';

/** Of one fragment. */
const mostSamples = 100_000;
/** sample_is_non_sync_sample (ISO 14496-12 8.8.3.1). */
const notSync = 0x0001_0000;

interface Run {
  readonly track: Track;
  readonly defaults: SampleDefaults;
}

/**
 * Reads the samples of a moof box. `bytes` begins with the box. `decodeTimes` holds where each track goes on when the box does not say so
 * (no tfdt), and is counted on.
 */
export function readMoof(bytes: Buffer, tracks: readonly Track[], decodeTimes: Map<number, number>): SamplePlace[] {
  const places: SamplePlace[] = [];
  // Behind the data of the track fragment before, where nothing says otherwise.
  let next = 0;
  const [moof] = boxesIn(bytes, 0, bytes.length);
  if (moof === undefined) return places;
  for (const traf of boxesIn(bytes, moof.start, moof.end)) {
    if (traf.type !== 'traf') continue;
    const tfhd = boxAt(bytes, traf, 'tfhd');
    if (tfhd === undefined) continue;
    const fields = new FieldReader(bytes, tfhd);
    const flags = fields.u32() & 0xffffff;
    const id = fields.u32();
    const track = tracks.find((each) => each.id === id);
    // An absolute place counts from the start of the file, which a segment does not know; it is the moof's in all that is streamed.
    if ((flags & 0x1) !== 0) fields.skip(8);
    let base = (flags & 0x1) !== 0 || (flags & 0x20000) !== 0 ? 0 : next;
    if (places.length === 0) base = 0;
    const { defaults: declared } = track ?? { defaults: { entry: 1, duration: 0, size: 0, flags: 0 } };
    const defaults: SampleDefaults = {
      entry: (flags & 0x2) !== 0 ? fields.u32() : declared.entry,
      duration: (flags & 0x8) !== 0 ? fields.u32() : declared.duration,
      size: (flags & 0x10) !== 0 ? fields.u32() : declared.size,
      flags: (flags & 0x20) !== 0 ? fields.u32() : declared.flags,
    };
    if (track === undefined) continue;
    const tfdt = boxAt(bytes, traf, 'tfdt');
    if (tfdt !== undefined) decodeTimes.set(id, readTfdt(bytes, tfdt));
    next = base;
    for (const trun of boxesIn(bytes, traf.start, traf.end))
      if (trun.type === 'trun')
        next = readTrun(bytes, trun, { run: { track, defaults }, base, next, decodeTimes, places });
  }
  return places;
}

function readTfdt(bytes: Buffer, tfdt: Box): number {
  const fields = new FieldReader(bytes, tfdt);
  return fields.u32() >>> 24 === 1 ? fields.u64() : fields.u32();
}

/** Adds the samples of a run and returns where its data end. */
function readTrun(
  bytes: Buffer,
  trun: Box,
  {
    run: { track, defaults },
    base,
    next,
    decodeTimes,
    places,
  }: {
    readonly run: Run;
    readonly base: number;
    readonly next: number;
    readonly decodeTimes: Map<number, number>;
    readonly places: SamplePlace[];
  },
): number {
  const fields = new FieldReader(bytes, trun);
  const word = fields.u32();
  const flags = word & 0xffffff;
  const signed = word >>> 24 !== 0;
  // A run may take all from defaults and name millions in twenty bytes.
  const count = Math.min(fields.u32(), mostSamples - places.length);
  let offset = (flags & 0x1) !== 0 ? base + fields.i32() : next;
  const firstFlags = (flags & 0x4) !== 0 ? fields.u32() : undefined;
  let dts = decodeTimes.get(track.id) ?? 0;
  for (let n = 0; n < count; n++) {
    const duration = (flags & 0x100) !== 0 ? fields.u32() : defaults.duration;
    const size = (flags & 0x200) !== 0 ? fields.u32() : defaults.size;
    const own = (flags & 0x400) !== 0 ? fields.u32() : undefined;
    // Many muxers write negative offsets into version 0, where they are unsigned by the letter.
    const shown = (flags & 0x800) === 0 ? 0 : signed ? fields.i32() : fields.u32() | 0;
    if (fields.overrun) break;
    const said = own ?? (n === 0 ? firstFlags : undefined) ?? defaults.flags;
    const at = dts - track.shift;
    places.push({
      trackId: track.id,
      offset,
      size,
      dts: at,
      pts: at + shown,
      isSync: (said & notSync) === 0,
      entry: defaults.entry,
    });
    offset += size;
    dts += duration;
  }
  decodeTimes.set(track.id, dts);
  return offset;
}
