import type { HlsKey, HlsMap, HlsSegment } from '../../text/hls-types.ts';
import { AesSegment, sequenceIv } from './aes-segment.ts';
import { unplayable } from './hls-failure.ts';
import type { HlsFetch } from './hls-fetch.ts';

const keyBytes = 16;
const mostKeys = 32;
const mostMapBytes = 4_194_304;

/** What a segment needs before its own bytes: its key and its initialization section. Both are kept, as many segments share them. */
export class SegmentParts {
  readonly #fetch: HlsFetch;
  readonly #keys = new Map<string, Buffer>();
  #map: { readonly name: string; readonly bytes: Buffer } | null = null;

  constructor(fetch: HlsFetch) {
    this.#fetch = fetch;
  }

  /** Null where the segment is not encrypted. Throws when its encryption can not be undone. */
  async cipher({ key, sequence }: Pick<HlsSegment, 'key' | 'sequence'>): Promise<AesSegment | null> {
    if (key === undefined) return null;
    return new AesSegment(await this.#key(key), key.iv ?? sequenceIv(sequence));
  }

  /** The initialization section as it is to be read before the segment; null where there is none. */
  async init({ map, sequence }: Pick<HlsSegment, 'map' | 'sequence'>): Promise<Buffer | null> {
    if (map === undefined) return null;
    const name = nameOf(map);
    if (this.#map?.name !== name) this.#map = { name, bytes: await this.#load(map, sequence) };
    return this.#map.bytes;
  }

  async #load(map: HlsMap, sequence: number): Promise<Buffer> {
    const cipher = await this.cipher({ ...(map.key === undefined ? {} : { key: map.key }), sequence });
    const bytes = await this.#fetch.whole(map.uri, mostMapBytes, map.range);
    return cipher === null ? bytes : Buffer.concat([cipher.push(bytes), cipher.end()]);
  }

  async #key({ method, uri, keyFormat }: HlsKey): Promise<Buffer> {
    if (method !== 'AES-128' || keyFormat !== 'identity' || uri === undefined) {
      const shown = /^[A-Z0-9-]{1,20}$/.test(method) ? method : 'an unknown method';
      throw unplayable(`The stream is encrypted with ${shown}, which Coax can not undo`);
    }
    const known = this.#keys.get(uri);
    if (known !== undefined) return known;
    const bytes = await keyAt(this.#fetch, uri);
    if (this.#keys.size >= mostKeys) this.#keys.delete(this.#keys.keys().next().value ?? '');
    this.#keys.set(uri, bytes);
    return bytes;
  }
}

async function keyAt(fetch: HlsFetch, uri: string): Promise<Buffer> {
  const data = /^data:[^,]*?(;base64)?,(.*)$/is.exec(uri);
  const bytes =
    data === null
      ? await fetch.whole(uri, 65_536)
      : Buffer.from(
          data[1] === undefined ? decodeURIComponent(data[2] ?? '') : (data[2] ?? ''),
          data[1] === undefined ? 'latin1' : 'base64',
        );
  if (bytes.length !== keyBytes)
    throw unplayable(`The provider sent a key of ${bytes.length} bytes instead of ${keyBytes}`);
  return bytes;
}

function nameOf({ uri, range }: HlsMap): string {
  return range === undefined ? uri : `${range.length}@${range.offset} ${uri}`;
}
