import { createDecipheriv, type Decipheriv } from 'node:crypto';

const blockBytes = 16;

/** Undoes AES-128 in CBC mode with PKCS7 padding (RFC 8216 4.3.2.4), as the bytes come. Padding that is wrong, or missing, is taken for content. */
export class AesSegment {
  readonly #decipher: Decipheriv;
  /** The last block, which may hold the padding. */
  #last: Buffer = Buffer.alloc(0);

  constructor(key: Buffer, iv: Buffer) {
    this.#decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  }

  push(chunk: Buffer): Buffer {
    const plain = this.#decipher.update(chunk);
    if (plain.length === 0) return plain;
    const all = Buffer.concat([this.#last, plain]);
    this.#last = Buffer.from(all.subarray(all.length - blockBytes));
    return all.subarray(0, all.length - blockBytes);
  }

  /** What is left at the end. A block that was cut short is lost. */
  end(): Buffer {
    const last = this.#last;
    const count = last.at(-1) ?? 0;
    const padded = count >= 1 && count <= blockBytes && last.subarray(-count).every((byte) => byte === count);
    return padded ? last.subarray(0, last.length - count) : last;
  }
}

/** The initialization vector of a segment that names none: its sequence number. */
export function sequenceIv(sequence: number): Buffer {
  const iv = Buffer.alloc(blockBytes);
  iv.writeBigUInt64BE(BigInt(sequence), 8);
  return iv;
}
