/**
 * Copies a NAL unit without its emulation prevention bytes (00 00 03 becomes 00 00), at most `limit` bytes of it.
 * H.264 and HEVC 7.4.1.
 */
export function unescapeNal(bytes: Uint8Array, from: number, to: number, limit = 4096): Buffer {
  const end = Math.min(to, from + limit);
  const out = Buffer.allocUnsafe(Math.max(0, end - from));
  let length = 0;
  let zeros = 0;
  for (let i = from; i < end; i++) {
    const value = bytes[i] ?? 0;
    if (zeros >= 2 && value === 3) {
      zeros = 0;
      continue;
    }
    out[length++] = value;
    zeros = value === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, length);
}

/** Calls `onMessage` for each message of an SEI payload without emulation prevention bytes. A message that is cut short ends it. */
export function forEachSei(payload: Buffer, onMessage: (type: number, body: Buffer) => void): void {
  let position = 0;
  // The last byte holds the stop bit.
  while (position < payload.length - 1) {
    let type = 0;
    while (payload[position] === 0xff && position < payload.length) {
      type += 255;
      position++;
    }
    type += payload[position++] ?? 0;
    let size = 0;
    while (payload[position] === 0xff && position < payload.length) {
      size += 255;
      position++;
    }
    size += payload[position++] ?? 0;
    if (position + size > payload.length) return;
    onMessage(type, payload.subarray(position, position + size));
    position += size;
  }
}

/** True when an H.264 SEI NAL (payload from `from`, emulation prevention bytes still in) holds a recovery point message. */
export function isRecoveryPointSei(bytes: Uint8Array, from: number, to: number): boolean {
  let found = false;
  forEachSei(unescapeNal(bytes, from, to), (type) => {
    if (type === 6) found = true;
  });
  return found;
}
