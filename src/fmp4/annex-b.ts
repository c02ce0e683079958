import type { SampleCodec } from './track.ts';

type NalCodec = Extract<SampleCodec, { readonly lengthSize: number }>;

const delimiters = {
  h264: Buffer.from([0, 0, 0, 1, 0x09, 0xf0]),
  hevc: Buffer.from([0, 0, 0, 1, 0x46, 0x01, 0x50]),
} as const;

interface Unit {
  readonly start: number;
  readonly end: number;
}

export interface Picture {
  readonly data: Buffer;
  /** It can be decoded without what came before, by its NAL units or by what `isSync` said. */
  readonly isKey: boolean;
}

/**
 * Turns a sample with length prefixes into one with start codes, as a transport stream has it: a delimiter first (ISO 13818-1 2.14), the
 * parameter sets before a key frame that brings none. A unit longer than the sample ends it.
 */
export function toAnnexB(sample: Buffer, codec: NalCodec, isSync: boolean): Picture {
  const units: Unit[] = [];
  let hasDelimiter = false;
  let hasSets = false;
  let isKey = false;
  let length = 0;
  for (let at = 0; at + codec.lengthSize < sample.length; ) {
    const start = at + codec.lengthSize;
    const end = start + sample.readUIntBE(at, codec.lengthSize);
    if (end > sample.length) break;
    at = end;
    if (end === start) continue;
    const type = typeOf(sample[start] ?? 0, codec.name);
    hasDelimiter ||= type === 'delimiter' && units.length === 0;
    hasSets ||= type === 'set';
    isKey ||= type === 'key';
    units.push({ start, end });
    length += 4 + end - start;
  }
  isKey ||= isSync;
  const head = hasDelimiter ? null : delimiters[codec.name];
  const sets = isKey && !hasSets ? codec.parameterSets : null;
  const data = Buffer.allocUnsafe((head?.length ?? 0) + (sets?.length ?? 0) + length);
  let at = head?.copy(data) ?? 0;
  for (const [index, { start, end }] of units.entries()) {
    // A delimiter stays in front of everything.
    if (sets !== null && index === (hasDelimiter ? 1 : 0)) at += sets.copy(data, at);
    data.writeUInt32BE(1, at);
    at += 4 + sample.copy(data, at + 4, start, end);
  }
  return { data: data.subarray(0, at), isKey };
}

function typeOf(first: number, codec: NalCodec['name']): 'delimiter' | 'set' | 'key' | 'other' {
  if (codec === 'h264') {
    const type = first & 0x1f;
    return type === 9 ? 'delimiter' : type === 7 ? 'set' : type === 5 ? 'key' : 'other';
  }
  const type = (first >> 1) & 0x3f;
  return type === 35 ? 'delimiter' : type === 33 ? 'set' : type >= 16 && type <= 21 ? 'key' : 'other';
}
