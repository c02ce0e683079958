/** One datagram of RTP (RFC 3550 5.1). */
export interface RtpPacket {
  readonly sequence: number;
  readonly payloadType: number;
  readonly ssrc: number;
  /** Without header, extension and padding; a view into the datagram. */
  readonly payload: Buffer;
}

/** MPEG-2 transport streams (RFC 3551 6). */
export const tsPayloadType = 33;
const headerBytes = 12;

/** Reads a datagram as RTP; null when it can not be that. */
export function parseRtp(datagram: Buffer): RtpPacket | null {
  if (datagram.length < headerBytes) return null;
  const first = datagram.readUInt8(0);
  if (first >> 6 !== 2) return null;
  let start = headerBytes + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (datagram.length < start + 4) return null;
    start += 4 + datagram.readUInt16BE(start + 2) * 4;
  }
  const padding = (first & 0x20) === 0 ? 0 : datagram.readUInt8(datagram.length - 1);
  const end = datagram.length - padding;
  if (start > end || ((first & 0x20) !== 0 && padding === 0)) return null;
  return {
    sequence: datagram.readUInt16BE(2),
    payloadType: datagram.readUInt8(1) & 0x7f,
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
  };
}
