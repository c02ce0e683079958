import { crc32Mpeg } from './crc32.ts';
import { codecOfStream, languageOf, type StreamKind } from './stream-type.ts';

/** One stream of a PMT. */
export interface ElementaryStream {
  readonly pid: number;
  readonly streamType: number;
  readonly kind: StreamKind;
  /** ffprobe's codec name; `unknown` when stream type and descriptors do not tell. */
  readonly codec: string;
  /** ISO 639-2 code. */
  readonly language?: string;
  /** The descriptors as they stand. */
  readonly descriptors: Buffer;
}

export interface Pat {
  readonly transportStreamId: number;
  readonly version: number;
  readonly sectionNumber: number;
  readonly lastSectionNumber: number;
  readonly programs: readonly { readonly number: number; readonly pmtPid: number }[];
}

export interface Pmt {
  readonly programNumber: number;
  readonly version: number;
  readonly pcrPid: number;
  readonly streams: readonly ElementaryStream[];
}

/** Reads a PAT section, or null when it is none, is not yet in force, or its CRC is wrong. The network PID is left out. */
export function parsePat(section: Buffer): Pat | null {
  if (section.length < 12 || section[0] !== 0x00 || !isCurrent(section) || crc32Mpeg(section) !== 0) return null;
  const programs = [];
  for (let i = 8; i + 4 <= section.length - 4; i += 4) {
    const number = section.readUInt16BE(i);
    if (number !== 0) programs.push({ number, pmtPid: section.readUInt16BE(i + 2) & 0x1fff });
  }
  return {
    transportStreamId: section.readUInt16BE(3),
    version: versionOf(section),
    sectionNumber: section[6] ?? 0,
    lastSectionNumber: section[7] ?? 0,
    programs,
  };
}

/** Reads a PMT section, or null when it is none, is not yet in force, or its CRC is wrong. */
export function parsePmt(section: Buffer): Pmt | null {
  if (section.length < 16 || section[0] !== 0x02 || !isCurrent(section) || crc32Mpeg(section) !== 0) return null;
  const end = section.length - 4;
  const streams: ElementaryStream[] = [];
  let position = 12 + (section.readUInt16BE(10) & 0x0fff);
  while (position + 5 <= end) {
    const streamType = section[position] ?? 0;
    const length = section.readUInt16BE(position + 3) & 0x0fff;
    const descriptors = Buffer.from(section.subarray(position + 5, Math.min(position + 5 + length, end)));
    const { kind, codec } = codecOfStream(streamType, descriptors);
    const language = languageOf(descriptors);
    streams.push({
      pid: section.readUInt16BE(position + 1) & 0x1fff,
      streamType,
      kind,
      codec,
      ...(language === undefined ? {} : { language }),
      descriptors,
    });
    position += 5 + length;
  }
  return {
    programNumber: section.readUInt16BE(3),
    version: versionOf(section),
    pcrPid: section.readUInt16BE(8) & 0x1fff,
    streams,
  };
}

function isCurrent(section: Buffer): boolean {
  return ((section[5] ?? 0) & 1) === 1;
}

function versionOf(section: Buffer): number {
  return ((section[5] ?? 0) >>> 1) & 0x1f;
}

/** Builds a PAT section with its CRC. */
export function buildPat(
  programs: readonly { readonly number: number; readonly pmtPid: number }[],
  { transportStreamId = 1, version = 0 } = {},
): Buffer {
  const body = Buffer.alloc(programs.length * 4);
  programs.forEach(({ number, pmtPid }, n) => {
    body.writeUInt16BE(number, n * 4);
    body.writeUInt16BE(0xe000 | pmtPid, n * 4 + 2);
  });
  return finishSection(0x00, transportStreamId, version, body);
}

/** Builds a PMT section with its CRC. */
export function buildPmt({
  programNumber,
  pcrPid,
  streams,
  version = 0,
}: {
  readonly programNumber: number;
  readonly pcrPid: number;
  readonly streams: readonly { readonly pid: number; readonly streamType: number; readonly descriptors?: Uint8Array }[];
  readonly version?: number;
}): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xe000 | pcrPid, 0);
  head.writeUInt16BE(0xf000, 2);
  const parts: Uint8Array[] = [head];
  for (const { pid, streamType, descriptors = new Uint8Array() } of streams) {
    const entry = Buffer.alloc(5);
    entry[0] = streamType;
    entry.writeUInt16BE(0xe000 | pid, 1);
    entry.writeUInt16BE(0xf000 | descriptors.length, 3);
    parts.push(entry, descriptors);
  }
  return finishSection(0x02, programNumber, version, Buffer.concat(parts));
}

function finishSection(tableId: number, id: number, version: number, body: Uint8Array): Buffer {
  const section = Buffer.alloc(8 + body.length + 4);
  section[0] = tableId;
  section.writeUInt16BE(0xb000 | (section.length - 3), 1);
  section.writeUInt16BE(id, 3);
  section[5] = 0xc1 | ((version & 0x1f) << 1);
  section.set(body, 8);
  section.writeUInt32BE(crc32Mpeg(section, 0, section.length - 4), section.length - 4);
  return section;
}
