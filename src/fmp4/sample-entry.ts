import { readAsc } from './asc.ts';
import { type Box, boxAt, boxesIn } from './boxes.ts';
import type { SampleCodec, SampleEntry } from './track.ts';

const startCode = Buffer.from([0, 0, 0, 1]);
/** Bytes of a sample entry before the boxes in it (ISO 14496-12 12.1.3, 12.2.3). */
const headBytes = { video: 78, audio: 28 } as const;
const parameterSetTypes = new Set([32, 33, 34]);

/** Reads the sample entries of an stsd box. */
export function readSampleEntries(bytes: Buffer, stsd: Box, kind: 'video' | 'audio'): SampleEntry[] {
  return Array.from(boxesIn(bytes, stsd.start + 8, stsd.end), (entry) => readEntry(bytes, entry, kind));
}

function readEntry(bytes: Buffer, entry: Box, kind: 'video' | 'audio'): SampleEntry {
  const format = entry.type;
  if (format === 'encv' || format === 'enca') return { refused: 'encrypted', format };
  const inner = { start: entry.start + headBytes[kind] + extraOf(bytes, entry, kind), end: entry.end };
  const codec = kind === 'video' ? videoCodec(bytes, inner) : audioCodec(bytes, inner, format);
  return codec === null ? { refused: 'unsupported', format } : { codec };
}

/** QuickTime's longer audio entries. */
function extraOf(bytes: Buffer, entry: Box, kind: 'video' | 'audio'): number {
  if (kind !== 'audio' || entry.start + 10 > entry.end) return 0;
  const version = bytes.readUInt16BE(entry.start + 8);
  return version === 1 ? 16 : version === 2 ? 36 : 0;
}

function videoCodec(bytes: Buffer, inner: Pick<Box, 'start' | 'end'>): SampleCodec | null {
  const avc = boxAt(bytes, inner, 'avcC');
  if (avc !== undefined) return readAvc(bytes.subarray(avc.start, avc.end));
  const hevc = boxAt(bytes, inner, 'hvcC');
  return hevc === undefined ? null : readHevc(bytes.subarray(hevc.start, hevc.end));
}

function readAvc(config: Buffer): SampleCodec | null {
  if (config.length < 7) return null;
  const sets: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    let count = (config[at++] ?? 0) & mask;
    while (count-- > 0) at = takeUnit(config, at, sets);
  }
  return { name: 'h264', lengthSize: ((config[4] ?? 3) & 3) + 1, parameterSets: Buffer.concat(sets) };
}

function readHevc(config: Buffer): SampleCodec | null {
  if (config.length < 23) return null;
  const sets: Buffer[] = [];
  let at = 23;
  for (let arrays = config[22] ?? 0; arrays > 0 && at + 3 <= config.length; arrays--) {
    const type = (config[at] ?? 0) & 0x3f;
    let count = config.readUInt16BE(at + 1);
    at += 3;
    while (count-- > 0 && at < config.length) at = takeUnit(config, at, parameterSetTypes.has(type) ? sets : []);
  }
  return { name: 'hevc', lengthSize: ((config[21] ?? 3) & 3) + 1, parameterSets: Buffer.concat(sets) };
}

/** A NAL unit behind its 16-bit length; returns where the next one starts. */
function takeUnit(config: Buffer, at: number, into: Buffer[]): number {
  if (at + 2 > config.length) return config.length;
  const end = at + 2 + config.readUInt16BE(at);
  if (end <= config.length && end > at + 2) into.push(startCode, config.subarray(at + 2, end));
  return end;
}

function audioCodec(bytes: Buffer, inner: Pick<Box, 'start' | 'end'>, format: string): SampleCodec | null {
  if (format === 'ac-3') return { name: 'ac3' };
  if (format === 'ec-3') return { name: 'eac3' };
  if (format === '.mp3') return { name: 'mp3' };
  const esds = boxAt(bytes, inner, 'esds') ?? boxAt(bytes, inner, 'wave', 'esds');
  return esds === undefined ? null : readEsds(bytes.subarray(esds.start + 4, esds.end));
}

/** The descriptors of an esds box (ISO 14496-1 7.2.6): ES, DecoderConfig, DecoderSpecificInfo. */
function readEsds(bytes: Buffer): SampleCodec | null {
  let objectType = 0;
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at++];
    let length = 0;
    for (let more = true; more && at < bytes.length; ) {
      const byte = bytes[at++] ?? 0;
      length = (length << 7) | (byte & 0x7f);
      more = (byte & 0x80) !== 0;
    }
    if (tag === 0x03) at += esHead(bytes, at);
    else if (tag === 0x04) {
      objectType = bytes[at] ?? 0;
      if (objectType === 0x69 || objectType === 0x6b) return { name: 'mp3' };
      if (objectType === 0xa5) return { name: 'ac3' };
      if (objectType === 0xa6) return { name: 'eac3' };
      at += 13;
    } else if (tag === 0x05) {
      const adts = readAsc(bytes.subarray(at, at + length));
      return adts === null || !isAac(objectType) ? null : { name: 'aac', adts };
    } else at += length;
  }
  return null;
}

const isAac = (objectType: number): boolean => objectType === 0x40 || (objectType >= 0x66 && objectType <= 0x68);

/** Bytes of an ES descriptor before the descriptors in it. */
function esHead(bytes: Buffer, at: number): number {
  const flags = bytes[at + 2] ?? 0;
  let head = 3;
  if ((flags & 0x80) !== 0) head += 2;
  if ((flags & 0x40) !== 0) head += 1 + (bytes[at + head] ?? 0);
  if ((flags & 0x20) !== 0) head += 2;
  return head;
}
