/** PES packet headers (ISO 13818-1 2.4.3.6). `start` is the index of the 00 00 01 prefix. */

type Bytes = Uint8Array;

const at = (bytes: Bytes, index: number): number => bytes[index] ?? 0;

/** Where a PES header is and what it says. `pts` and `dts` are 90 kHz ticks, -1 when absent. */
export interface PesHeader {
  readonly streamId: number;
  readonly pts: number;
  readonly dts: number;
  /** Index of the first payload byte; may lie beyond `end` when the header goes on in the next packet. */
  readonly payloadStart: number;
}

/** True when a PES packet with the usual optional header starts at `start`. */
export function isPesStart(bytes: Bytes, start: number, end: number): boolean {
  return (
    start + 9 <= end &&
    at(bytes, start) === 0 &&
    at(bytes, start + 1) === 0 &&
    at(bytes, start + 2) === 1 &&
    hasHeader(bytes, start)
  );
}

// Stream ids without the optional header: program_stream_map, padding, private_2, ECM, EMM, DSMCC, H.222.1 type E, directory.
const bare = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff]);

function hasHeader(bytes: Bytes, start: number): boolean {
  return !bare.has(at(bytes, start + 3)) && (at(bytes, start + 6) & 0xc0) === 0x80;
}

/** Index of the first payload byte of the PES packet at `start`. */
export function pesPayloadStart(bytes: Bytes, start: number): number {
  return start + 9 + at(bytes, start + 8);
}

/** The PTS of the PES packet at `start`, or -1. */
export function ptsOf(bytes: Bytes, start: number, end: number): number {
  return (at(bytes, start + 7) & 0x80) !== 0 && at(bytes, start + 8) >= 5 && start + 14 <= end
    ? readStamp(bytes, start + 9)
    : -1;
}

/** The DTS of the PES packet at `start`, or -1 when it has none of its own (then it equals the PTS). */
export function dtsOf(bytes: Bytes, start: number, end: number): number {
  return (at(bytes, start + 7) & 0xc0) === 0xc0 && at(bytes, start + 8) >= 10 && start + 19 <= end
    ? readStamp(bytes, start + 14)
    : -1;
}

/** Reads a whole header, or null when no PES packet starts here. */
export function readPesHeader(bytes: Bytes, start: number, end: number): PesHeader | null {
  if (!isPesStart(bytes, start, end)) return null;
  return {
    streamId: at(bytes, start + 3),
    pts: ptsOf(bytes, start, end),
    dts: dtsOf(bytes, start, end),
    payloadStart: pesPayloadStart(bytes, start),
  };
}

/** Reads the five bytes of a PTS or DTS. Marker bits are not checked: broken muxers leave them out. */
export function readStamp(bytes: Bytes, index: number): number {
  return (
    ((at(bytes, index) >>> 1) & 7) * 0x40000000 +
    ((at(bytes, index + 1) << 22) |
      ((at(bytes, index + 2) >>> 1) << 15) |
      (at(bytes, index + 3) << 7) |
      (at(bytes, index + 4) >>> 1))
  );
}

/** Writes a PTS or DTS (0..2^33-1) over five bytes; the four prefix bits stay as they are. */
export function writeStamp(bytes: Bytes, index: number, ticks: number): void {
  const high = Math.floor(ticks / 0x40000000);
  const low = ticks % 0x40000000;
  bytes[index] = (at(bytes, index) & 0xf0) | (high << 1) | 1;
  bytes[index + 1] = (low >>> 22) & 0xff;
  bytes[index + 2] = ((low >>> 14) & 0xfe) | 1;
  bytes[index + 3] = (low >>> 7) & 0xff;
  bytes[index + 4] = ((low << 1) & 0xfe) | 1;
}
