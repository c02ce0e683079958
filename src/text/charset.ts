import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** Turns the bytes of a file into text, whatever pieces they come in. */
export interface TextDecoding {
  write(chunk: Uint8Array): string;
  end(): string;
}

/** Windows-1252 for the bytes 0x80-0x9f; the others are the same code point. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function byteAsText(byte: number): string {
  return byte >= 0x80 && byte < 0xa0 ? windows1252.charAt(byte - 0x80) : String.fromCharCode(byte);
}

/** Length of the UTF-8 sequence at `at`; 0 when it is none, -1 when the bytes end inside of it. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next];
    if (byte === undefined) return -1;
    const low = next > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = next > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

/** How many bytes at the end begin a sequence that is not complete. */
function openTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return sequenceLength(bytes, bytes.length - back) < 0 ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** UTF-8 in which a byte that does not belong is read as Windows-1252: right for UTF-8, for Latin-1, and for files mixed of both. */
class LenientUtf8 implements TextDecoding {
  #rest: Buffer = Buffer.alloc(0);

  write(chunk: Uint8Array): string {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const tail = openTail(bytes);
    this.#rest = tail === 0 ? Buffer.alloc(0) : Buffer.from(bytes.subarray(bytes.length - tail));
    return this.#decode(tail === 0 ? bytes : bytes.subarray(0, bytes.length - tail));
  }

  end(): string {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#decode(rest);
  }

  #decode(bytes: Buffer): string {
    if (isUtf8(bytes)) return bytes.toString('utf8');
    let text = '';
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      const length = sequenceLength(bytes, at);
      if (length > 0) at += length;
      else {
        text += bytes.toString('utf8', from, at) + byteAsText(bytes[at] ?? 0);
        from = ++at;
      }
    }
    return text + bytes.toString('utf8', from);
  }
}

/** Any other encoding that the platform knows. */
class PlatformDecoding implements TextDecoding {
  readonly #decoder: TextDecoder;

  constructor(label: string) {
    this.#decoder = new TextDecoder(label);
  }

  write(chunk: Uint8Array): string {
    return this.#decoder.decode(chunk, { stream: true });
  }

  end(): string {
    return this.#decoder.decode();
  }
}

const headBytes = 256;
const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']/;

function decodingFor(head: Buffer, xml: boolean): { readonly decoding: TextDecoding; readonly skip: number } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { decoding: new LenientUtf8(), skip: 3 };
  // TextDecoder takes the byte order mark away itself.
  if (head[0] === 0xff && head[1] === 0xfe) return { decoding: new PlatformDecoding('utf-16le'), skip: 0 };
  if (head[0] === 0xfe && head[1] === 0xff) return { decoding: new PlatformDecoding('utf-16be'), skip: 0 };
  if (head[0] === 0x3c && head[1] === 0 && head[3] === 0)
    return { decoding: new PlatformDecoding('utf-16le'), skip: 0 };
  if (head[0] === 0 && head[1] === 0x3c && head[2] === 0)
    return { decoding: new PlatformDecoding('utf-16be'), skip: 0 };
  const label = xml ? declared.exec(head.toString('latin1'))?.[1]?.toLowerCase() : undefined;
  // A declaration that was read as bytes can not be UTF-16, whatever it says.
  if (label === undefined || /^(?:utf-?(?:8|16|32).*|us-ascii|ascii)$/.test(label))
    return { decoding: new LenientUtf8(), skip: 0 };
  try {
    return { decoding: new PlatformDecoding(label), skip: 0 };
  } catch {
    return { decoding: new LenientUtf8(), skip: 0 };
  }
}

/**
 * Decodes a file by its byte order mark, with `xml` also by its XML declaration, else as UTF-8. Bytes that are not UTF-8 are read
 * as Windows-1252. Never throws.
 */
export class CharsetDecoder implements TextDecoding {
  readonly #xml: boolean;
  #head: Buffer = Buffer.alloc(0);
  #decoding: TextDecoding | undefined;

  constructor({ xml = false }: { readonly xml?: boolean } = {}) {
    this.#xml = xml;
  }

  write(chunk: Uint8Array): string {
    if (this.#decoding !== undefined) return this.#decoding.write(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    return this.#head.length < headBytes ? '' : this.#begin();
  }

  end(): string {
    const text = this.#decoding === undefined ? this.#begin() : '';
    return text + (this.#decoding?.end() ?? '');
  }

  #begin(): string {
    const head = this.#head;
    const { decoding, skip } = decodingFor(head.subarray(0, headBytes), this.#xml);
    this.#decoding = decoding;
    this.#head = Buffer.alloc(0);
    return decoding.write(head.subarray(skip));
  }
}
