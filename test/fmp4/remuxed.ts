import { Fmp4Units } from '../../src/fmp4/units.ts';
import { UnitMuxer } from '../../src/mpegts/unit-muxer.ts';

/** Remuxes a fragmented MP4 into a transport stream, in chunks of `size` bytes. */
export function remuxed(file: Buffer, size = 65_536): Buffer {
  const units = new Fmp4Units();
  const out: Buffer[] = [];
  let muxer: UnitMuxer | null = null;
  for (let at = 0; at < file.length; at += size) {
    for (const unit of units.push(file.subarray(at, at + size))) {
      muxer ??= new UnitMuxer(units.tracks.map(({ mux }) => mux));
      muxer.push({ ...unit, track: units.tracks.findIndex(({ id }) => id === unit.trackId) });
    }
    if (muxer !== null) out.push(muxer.take());
  }
  if (muxer !== null) out.push(muxer.flush());
  return Buffer.concat(out);
}
