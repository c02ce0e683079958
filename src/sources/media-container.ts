/** `unknown` is binary data of no format we know. */
export type MediaContainer =
  | 'mpegts'
  | 'mpegps'
  | 'matroska'
  | 'mp4'
  | 'avi'
  | 'flv'
  | 'asf'
  | 'ogg'
  | 'audio'
  | 'hls'
  | 'dash'
  | 'text'
  | 'image'
  | 'archive'
  | 'empty'
  | 'unknown';

export interface FoundContainer {
  readonly container: MediaContainer;
  /** Where it starts: panels print PHP warnings before the stream. */
  readonly offset: number;
}

const syncByte = 0x47;
/** Plain, M2TS with its arrival times, and with Reed-Solomon bytes. */
const packetSizes = [188, 192, 204] as const;
/** How far behind other bytes a transport stream is looked for. */
const preambleMost = 16_384;

const magics: readonly (readonly [MediaContainer, number, string])[] = [
  ['matroska', 0, '\x1a\x45\xdf\xa3'],
  ['avi', 8, 'AVI '],
  ['audio', 8, 'WAVE'],
  ['flv', 0, 'FLV\x01'],
  ['asf', 0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11'],
  ['ogg', 0, 'OggS'],
  ['mpegps', 0, '\x00\x00\x01\xba'],
  ['mpegps', 0, '\x00\x00\x01\xb3'],
  ['audio', 0, 'ID3'],
  ['audio', 0, 'fLaC'],
  ['audio', 0, '\x0b\x77'],
  ['image', 0, '\xff\xd8\xff'],
  ['image', 0, '\x89PNG'],
  ['image', 0, 'GIF8'],
  ['archive', 0, '\x1f\x8b'],
  ['archive', 0, 'PK\x03\x04'],
];
const mp4Boxes = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'skip', 'wide', 'pdin', 'sidx']);

/** Says what the first bytes of a body are, whatever its content type claims. */
export function findContainer(bytes: Buffer): FoundContainer {
  if (bytes.length === 0) return { container: 'empty', offset: 0 };
  const head = bytes.toString('latin1', 0, 64);
  for (const [container, at, magic] of magics) if (head.startsWith(magic, at)) return { container, offset: 0 };
  if (mp4Boxes.has(head.slice(4, 8))) return { container: 'mp4', offset: 0 };
  const sync = findSync(bytes);
  if (sync !== -1) return { container: 'mpegts', offset: sync };
  // ADTS and MPEG audio: 11 bits of sync, then a layer that is not reserved, or ADTS's layer 0.
  if (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0) return { container: 'audio', offset: 0 };
  if (!isText(bytes)) return { container: 'unknown', offset: 0 };
  const text = bytes.toString('utf8', 0, 2_048).replace(/^[\uFEFF\s]+/, '');
  if (text.startsWith('#EXTM3U') || text.startsWith('#EXT-X-')) return { container: 'hls', offset: 0 };
  if (/^(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<MPD[\s>]/.test(text)) return { container: 'dash', offset: 0 };
  return { container: 'text', offset: 0 };
}

/** The first place from which sync bytes stand at one packet distance, three of them or as many as the bytes have room for. */
function findSync(bytes: Buffer): number {
  const most = Math.min(bytes.length, preambleMost);
  for (let at = bytes.indexOf(syncByte); at !== -1 && at < most; at = bytes.indexOf(syncByte, at + 1)) {
    for (const size of packetSizes) {
      // Away from the start a lone "G" means nothing: two more have to confirm it.
      const last = at + 2 * size;
      if (last < bytes.length) {
        if (bytes[at + size] === syncByte && bytes[last] === syncByte) return at;
      } else if (at === 0 && bytes.length > size && bytes[size] === syncByte) return 0;
    }
  }
  // One packet or less: nothing but a transport stream starts with "G" and holds bytes that are no text.
  return bytes[0] === syncByte && bytes.length <= 188 && !isText(bytes) ? 0 : -1;
}

function isText(bytes: Buffer): boolean {
  const piece = bytes.subarray(0, 1_024);
  return !piece.some(
    (byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b,
  );
}
