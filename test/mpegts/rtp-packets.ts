export interface RtpParts {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly payloadType?: number;
  readonly ssrc?: number;
  readonly sources?: number;
  /** Words of a header extension. */
  readonly extension?: number;
  readonly padding?: number;
}

/** A datagram of RTP. */
export function rtpPacket(parts: RtpParts): Buffer {
  const { sequence, payload, payloadType = 33, ssrc = 0xc0a, sources = 0, extension, padding = 0 } = parts;
  const head = Buffer.alloc(12 + sources * 4 + (extension === undefined ? 0 : 4 + extension * 4));
  head[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extension === undefined ? 0 : 0x10) | sources;
  head[1] = payloadType;
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE((sequence * 900) >>> 0, 4);
  head.writeUInt32BE(ssrc, 8);
  if (extension !== undefined) head.writeUInt16BE(extension, 12 + sources * 4 + 2);
  const end = Buffer.alloc(padding);
  if (padding > 0) end[padding - 1] = padding;
  return Buffer.concat([head, payload, end]);
}
