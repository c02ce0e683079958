const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0', 'latin1');

/** An ID3v2.4 tag with the PRIV frame that tells the time of a packed audio segment's first sample (RFC 8216 3.4): 33 bits of 90 kHz ticks. */
export function timestampTag(ticks: number): Buffer {
  const body = Buffer.alloc(owner.length + 8);
  owner.copy(body);
  body.writeBigUInt64BE(BigInt(ticks), owner.length);
  const tag = Buffer.alloc(20 + body.length);
  tag.write('ID3\u0004', 0, 'latin1');
  writeSynchsafe(tag, 6, 10 + body.length);
  tag.write('PRIV', 10, 'latin1');
  writeSynchsafe(tag, 14, body.length);
  body.copy(tag, 20);
  return tag;
}

/** Four bytes of seven bits each. */
function writeSynchsafe(out: Buffer, at: number, value: number): void {
  for (let n = 0; n < 4; n++) out[at + n] = (value >> (7 * (3 - n))) & 0x7f;
}
