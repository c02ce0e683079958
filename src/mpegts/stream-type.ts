export type StreamKind = 'video' | 'audio' | 'subtitle' | 'data';

interface StreamCodec {
  readonly kind: StreamKind;
  /** ffprobe's name. */
  readonly codec: string;
}

const video = (codec: string): StreamCodec => ({ kind: 'video', codec });
const audio = (codec: string): StreamCodec => ({ kind: 'audio', codec });
const subtitle = (codec: string): StreamCodec => ({ kind: 'subtitle', codec });
const unknown: StreamCodec = { kind: 'data', codec: 'unknown' };

/** Stream types of ISO 13818-1 table 2-34 and of ATSC A/53. */
const byStreamType: ReadonlyMap<number, StreamCodec> = new Map([
  [0x01, video('mpeg1video')],
  [0x02, video('mpeg2video')],
  [0x03, audio('mp2')],
  [0x04, audio('mp2')],
  [0x0f, audio('aac')],
  [0x10, video('mpeg4')],
  [0x11, audio('aac_latm')],
  [0x1b, video('h264')],
  [0x1c, audio('aac')],
  [0x24, video('hevc')],
  [0x33, video('vvc')],
  [0x42, video('cavs')],
  [0x80, video('mpeg2video')],
  [0x81, audio('ac3')],
  [0x87, audio('eac3')],
  [0x8a, audio('dts')],
  [0xd1, video('dirac')],
  [0xd2, video('avs2')],
  [0xd4, video('avs3')],
  [0xea, video('vc1')],
]);

/** Descriptors of DVB (EN 300 468) that name the codec of a private stream. */
const byDescriptor: ReadonlyMap<number, StreamCodec> = new Map([
  [0x46, subtitle('dvb_teletext')],
  [0x56, subtitle('dvb_teletext')],
  [0x59, subtitle('dvb_subtitle')],
  [0x6a, audio('ac3')],
  [0x7a, audio('eac3')],
  [0x7b, audio('dts')],
  [0x7c, audio('aac')],
]);

/** Identifiers of the registration descriptor (SMPTE-RA). */
const byRegistration: ReadonlyMap<string, StreamCodec> = new Map([
  ['AC-3', audio('ac3')],
  ['EAC3', audio('eac3')],
  ['DTS1', audio('dts')],
  ['DTS2', audio('dts')],
  ['DTS3', audio('dts')],
  ['Opus', audio('opus')],
  ['BSSD', audio('s302m')],
  ['HEVC', video('hevc')],
  ['AV01', video('av1')],
  ['VC-1', video('vc1')],
  ['drac', video('dirac')],
]);

/** What a stream of a PMT carries, from its type and its descriptors. */
export function codecOfStream(streamType: number, descriptors: Uint8Array): StreamCodec {
  const plain = byStreamType.get(streamType);
  if (plain !== undefined) return plain;
  if (streamType !== 0x06 && streamType < 0x80) return unknown;
  for (const [tag, body] of descriptorsOf(descriptors)) {
    if (tag === 0x05 && body.length >= 4) {
      const found = byRegistration.get(Buffer.from(body.subarray(0, 4)).toString('latin1'));
      if (found !== undefined) return found;
    }
    // 0x7F with extension 0x0E is DTS-HD; with 0x15 AC-4.
    if (tag === 0x7f && body[0] === 0x0e) return audio('dts');
    if (tag === 0x7f && body[0] === 0x15) return audio('ac4');
    if (streamType === 0x06) {
      const found = byDescriptor.get(tag);
      if (found !== undefined) return found;
    }
  }
  return unknown;
}

/** Walks a descriptor loop. A descriptor that is cut short ends it. */
export function* descriptorsOf(bytes: Uint8Array): Generator<readonly [tag: number, body: Uint8Array]> {
  let position = 0;
  while (position + 2 <= bytes.length) {
    const end = position + 2 + (bytes[position + 1] ?? 0);
    if (end > bytes.length) return;
    yield [bytes[position] ?? 0, bytes.subarray(position + 2, end)];
    position = end;
  }
}

/** The first language named: ISO 639, DVB subtitling or teletext descriptor. */
export function languageOf(descriptors: Uint8Array): string | undefined {
  for (const [tag, body] of descriptorsOf(descriptors)) {
    if (tag !== 0x0a && tag !== 0x59 && tag !== 0x56 && tag !== 0x46) continue;
    const code = Buffer.from(body.subarray(0, 3)).toString('latin1').toLowerCase();
    if (/^[a-z]{3}$/.test(code)) return code;
  }
  return undefined;
}
