import { packetSize, payloadOffset, pidOf } from '../../mpegts/packet.ts';
import { isPesStart, pesPayloadStart } from '../../mpegts/pes.ts';

/** Bytes of a picture's unit in which its headers stand. */
const headBytes = 4_096;

/** The NAL unit, or start code, that tells a decoder the form of the picture; by ffprobe's codec name. */
const isFormat: Readonly<Record<string, (first: number) => boolean>> = {
  h264: (first) => (first & 0x1f) === 7,
  hevc: (first) => ((first >> 1) & 0x3f) === 33,
  mpeg2video: (first) => first === 0xb3,
  mpeg1video: (first) => first === 0xb3,
};
/** Of a sequence header only size, aspect and frame rate: its other fields change from one to the next. */
const sequenceHeadBytes = 5;

/**
 * The bytes of the first sequence header, or SPS, of the unit whose packets begin at the start of `packets`; null where it has none.
 * Decoders have to begin anew when they change.
 */
export function pictureFormat(packets: Buffer, codec: string): Buffer | null {
  const matches = isFormat[codec];
  if (matches === undefined) return null;
  const head = unitHead(packets);
  for (let at = head.indexOf(startCode); at >= 0; at = head.indexOf(startCode, at + 3)) {
    const first = head[at + 3];
    if (first === undefined || !matches(first)) continue;
    if (first === 0xb3 && codec.startsWith('mpeg'))
      return Buffer.from(head.subarray(at + 3, at + 3 + sequenceHeadBytes));
    const next = head.indexOf(startCode, at + 3);
    const end = next < 0 ? head.length : next;
    let last = end;
    // The zero before a start code of four bytes belongs to that.
    while (last > at + 3 && head[last - 1] === 0) last--;
    return Buffer.from(head.subarray(at + 3, last));
  }
  return null;
}

const startCode = Buffer.from([0, 0, 1]);

/** The first bytes of the elementary stream of the unit that starts with the first packet. */
function unitHead(packets: Buffer): Buffer {
  if (packets.length < packetSize) return Buffer.alloc(0);
  const pid = pidOf(packets, 0);
  const parts: Buffer[] = [];
  let bytes = 0;
  for (let offset = 0; offset + packetSize <= packets.length && bytes < headBytes; offset += packetSize) {
    if (pidOf(packets, offset) !== pid) continue;
    const end = offset + packetSize;
    let start = payloadOffset(packets, offset);
    if (offset === 0) {
      if (!isPesStart(packets, start, end)) return Buffer.alloc(0);
      start = Math.min(end, pesPayloadStart(packets, start));
    } else if ((packets[offset + 1] ?? 0) & 0x40) break;
    parts.push(packets.subarray(start, end));
    bytes += end - start;
  }
  return Buffer.concat(parts);
}
