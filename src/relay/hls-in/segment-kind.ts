/** What the bytes of a segment are; `more` while they do not tell. */
export type SegmentKind = 'ts' | 'fmp4' | 'packed' | 'unknown' | 'more';

const boxes = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'skip', 'sidx', 'emsg', 'prft', 'ssix', 'uuid']);
const syncByte = 0x47;
const packetSizes = [188, 192, 204] as const;
/** A picture or a page may stand before a transport stream, as a disguise; it ends within this. */
const mostJunk = 262_144;
const fewBytes = 940;

/** Says what the first bytes of a segment are, whatever its name and type say. `isWhole`: there are no more. */
export function kindOf(bytes: Buffer, isWhole: boolean): SegmentKind {
  if (boxes.has(bytes.toString('latin1', 4, 8))) return 'fmp4';
  if (hasSync(bytes)) return 'ts';
  // An ID3 tag, or a frame of sound at once.
  if (bytes.toString('latin1', 0, 3) === 'ID3' || isSound(bytes))
    return bytes.length >= fewBytes || isWhole ? 'packed' : 'more';
  return isWhole || bytes.length >= mostJunk ? 'unknown' : 'more';
}

function isSound(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes;
  return (first === 0xff && (second & 0xe0) === 0xe0 && second !== 0xff) || (first === 0x0b && second === 0x77);
}

function hasSync(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(syncByte); at !== -1; at = bytes.indexOf(syncByte, at + 1))
    for (const size of packetSizes) if (bytes[at + size] === syncByte && bytes[at + 2 * size] === syncByte) return true;
  return false;
}
