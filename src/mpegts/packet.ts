/** Fields of the 188-byte packet at `offset` (ISO 13818-1 2.4.3). Nothing here checks the sync byte or allocates. */

export const packetSize = 188;
export const syncByte = 0x47;
export const patPid = 0;
export const nullPid = 0x1fff;
export const pidCount = 0x2000;

type Bytes = Uint8Array;

const at = (bytes: Bytes, index: number): number => bytes[index] ?? 0;

export function pidOf(bytes: Bytes, offset: number): number {
  return ((at(bytes, offset + 1) & 0x1f) << 8) | at(bytes, offset + 2);
}

/** A PES packet or the pointer of a section starts in this packet (payload_unit_start_indicator). */
export function isUnitStart(bytes: Bytes, offset: number): boolean {
  return (at(bytes, offset + 1) & 0x40) !== 0;
}

export function hasTransportError(bytes: Bytes, offset: number): boolean {
  return (at(bytes, offset + 1) & 0x80) !== 0;
}

export function isScrambled(bytes: Bytes, offset: number): boolean {
  return (at(bytes, offset + 3) & 0xc0) !== 0;
}

export function hasPayload(bytes: Bytes, offset: number): boolean {
  return (at(bytes, offset + 3) & 0x10) !== 0;
}

export function continuityOf(bytes: Bytes, offset: number): number {
  return at(bytes, offset + 3) & 0x0f;
}

export function setContinuity(bytes: Bytes, offset: number, counter: number): void {
  bytes[offset + 3] = (at(bytes, offset + 3) & 0xf0) | (counter & 0x0f);
}

/** The flags byte of the adaptation field; 0 when there is none or it is empty. */
export function adaptationFlags(bytes: Bytes, offset: number): number {
  return (at(bytes, offset + 3) & 0x20) !== 0 && at(bytes, offset + 4) > 0 ? at(bytes, offset + 5) : 0;
}

export function isDiscontinuity(bytes: Bytes, offset: number): boolean {
  return (adaptationFlags(bytes, offset) & 0x80) !== 0;
}

export function isRandomAccess(bytes: Bytes, offset: number): boolean {
  return (adaptationFlags(bytes, offset) & 0x40) !== 0;
}

export function hasPcr(bytes: Bytes, offset: number): boolean {
  return (adaptationFlags(bytes, offset) & 0x10) !== 0 && at(bytes, offset + 4) >= 7;
}

/** The PCR in 27 MHz ticks, or -1 when the packet has none. */
export function pcrOf(bytes: Bytes, offset: number): number {
  if (!hasPcr(bytes, offset)) return -1;
  const high =
    at(bytes, offset + 6) * 0x1000000 +
    ((at(bytes, offset + 7) << 16) | (at(bytes, offset + 8) << 8) | at(bytes, offset + 9));
  const base = high * 2 + (at(bytes, offset + 10) >>> 7);
  const extension = ((at(bytes, offset + 10) & 1) << 8) | at(bytes, offset + 11);
  return base * 300 + extension;
}

/** Writes a PCR in 27 MHz ticks (0..2^33*300-1) over the one that is there; see `hasPcr`. */
export function setPcr(bytes: Bytes, offset: number, pcr: number): void {
  const base = Math.floor(pcr / 300);
  const extension = pcr % 300;
  const high = Math.floor(base / 2);
  bytes[offset + 6] = Math.floor(high / 0x1000000);
  bytes[offset + 7] = (high >>> 16) & 0xff;
  bytes[offset + 8] = (high >>> 8) & 0xff;
  bytes[offset + 9] = high & 0xff;
  bytes[offset + 10] = ((base % 2) << 7) | 0x7e | (extension >>> 8);
  bytes[offset + 11] = extension & 0xff;
}

/** Where the payload starts, as an index into `bytes`; the end of the packet when there is none or the field lengths are wrong. */
export function payloadOffset(bytes: Bytes, offset: number): number {
  const control = at(bytes, offset + 3);
  if ((control & 0x10) === 0) return offset + packetSize;
  if ((control & 0x20) === 0) return offset + 4;
  return Math.min(offset + 5 + at(bytes, offset + 4), offset + packetSize);
}
