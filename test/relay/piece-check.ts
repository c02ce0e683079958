import {
  hasPcr,
  isRandomAccess,
  isUnitStart,
  nullPid,
  packetSize,
  payloadOffset,
  pidOf,
} from '../../src/mpegts/packet.ts';
import { pmtPid, videoPid } from '../support/ts-builder.ts';

/** A copy without what a relay changes after a reconnect: counters, PCR, PTS and DTS. */
function plain(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at += packetSize) {
    if (pidOf(copy, at) === nullPid) continue;
    copy[at + 3] = (copy[at + 3] ?? 0) & 0xf0;
    if (hasPcr(copy, at)) copy.fill(0, at + 6, at + 12);
    const unit = payloadOffset(copy, at);
    if (isUnitStart(copy, at) && copy.readUIntBE(unit, 3) === 1)
      copy.fill(0, unit + 9, unit + 9 + (copy[unit + 8] ?? 0));
  }
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
 * Takes what a player got apart: each piece is PAT, PMT, a key frame and what followed it in one upstream, without a gap; a null packet
 * may stand for any. Returns the number of pieces; throws where the bytes are anything else.
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
    // The first packet of a key frame looks like that of any other; the second bears a number.
    const key = bytes.subarray(at + 2 * packetSize, at + 4 * packetSize);
    const source = sources.find((each) => each.includes(key));
    if (source === undefined) throw new Error(`piece ${pieces} is in no upstream`);
    let from = source.indexOf(key);
    at += 2 * packetSize;
    const same = (): boolean =>
      from < source.length &&
      (pidOf(bytes, at) === nullPid ||
        bytes.subarray(at, at + packetSize).equals(source.subarray(from, from + packetSize)));
    while (at < bytes.length && same()) {
      at += packetSize;
      from += packetSize;
    }
    // The tables put in before a new piece, and the first packet of its key frame, may look like those that stand in the stream.
    const back = [0, 2, 3].find((packets) => startsAt(bytes, at - packets * packetSize)) ?? 0;
    if (at < bytes.length) at -= back * packetSize;
  }
  return pieces;
}
