import { hasPcr, isRandomAccess, packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { pmtPid, videoPid } from '../support/ts-builder.ts';

/** A copy without discontinuity indicators: a relay sets them where an upstream was opened anew. */
function plain(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at += packetSize) if (hasPcr(copy, at)) copy[at + 5] = (copy[at + 5] ?? 0) & 0x7f;
  return copy;
}

function startsAt(bytes: Buffer, at: number): boolean {
  return (
    pidOf(bytes, at) === 0 &&
    pidOf(bytes, at + packetSize) === pmtPid &&
    pidOf(bytes, at + 2 * packetSize) === videoPid &&
    isRandomAccess(bytes, at + 2 * packetSize)
  );
}

/**
 * Takes what a player got apart: each piece is PAT, PMT, a key frame and what followed it in one upstream, without a gap. Returns the
 * number of pieces; throws where the bytes are anything else.
 */
export function countPieces(received: Buffer, upstreams: readonly Buffer[]): number {
  const bytes = plain(received);
  if (bytes.length % packetSize !== 0) throw new Error(`${bytes.length} bytes are no whole packets`);
  const sources = upstreams.map(plain);
  let pieces = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at <= 2 * packetSize) return pieces;
    if (!startsAt(bytes, at)) throw new Error(`piece ${pieces} does not start with PAT, PMT and a key frame`);
    pieces++;
    const key = bytes.subarray(at + 2 * packetSize, at + 3 * packetSize);
    const source = sources.find((each) => each.includes(key));
    if (source === undefined) throw new Error(`piece ${pieces} is in no upstream`);
    let from = source.indexOf(key);
    at += 2 * packetSize;
    const same = (): boolean => bytes.subarray(at, at + packetSize).equals(source.subarray(from, from + packetSize));
    while (at < bytes.length && same()) {
      at += packetSize;
      from += packetSize;
    }
    // Tables that stand in the stream may look like those put in before a new piece.
    if (at < bytes.length && !startsAt(bytes, at)) at -= 2 * packetSize;
  }
  return pieces;
}
