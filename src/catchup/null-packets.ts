import { nullPid, packetSize, syncByte } from '../mpegts/packet.ts';

const stuffing = ((): Buffer => {
  const packets = Buffer.alloc(packetSize * 348, 0xff);
  for (let at = 0; at < packets.length; at += packetSize) {
    packets[at] = syncByte;
    packets.writeUInt16BE(nullPid, at + 1);
    packets[at + 3] = 0x10;
  }
  return packets;
})();

/** Null packets; the last one may be cut. */
export function* nullPackets(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= stuffing.length) yield stuffing.subarray(0, Math.min(left, stuffing.length));
}

/** The packets without null packets, in runs that need no copy. */
export function* withoutNullPackets(packets: Buffer): Generator<Buffer> {
  let from = 0;
  for (let offset = 0; offset < packets.length; offset += packetSize) {
    if ((packets[offset + 2] ?? 0) !== 0xff || ((packets[offset + 1] ?? 0) & 0x1f) !== 0x1f) continue;
    if (offset > from) yield packets.subarray(from, offset);
    from = offset + packetSize;
  }
  if (from < packets.length) yield packets.subarray(from);
}
