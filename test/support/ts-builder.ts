import { packetSize, setPcr, syncByte } from '../../src/mpegts/packet.ts';
import { writeStamp } from '../../src/mpegts/pes.ts';
import { buildPat, buildPmt } from '../../src/mpegts/psi.ts';
import { packSection } from '../../src/mpegts/section.ts';
import { wrapPcr, wrapPts } from '../../src/mpegts/time.ts';
import { BitWriter } from './bit-writer.ts';

export const pmtPid = 0x1000;
export const videoPid = 0x100;
export const audioPid = 0x101;

const startCode = Buffer.from([0, 0, 0, 1]);

/** One NAL unit with its start code; emulation prevention bytes are put in. */
export function nal(header: Uint8Array, payload: Uint8Array): Buffer {
  const out = [...startCode, ...header];
  let zeros = 0;
  for (const value of payload) {
    if (zeros >= 2 && value <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(value);
    zeros = value === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(out);
}

/** An H.264 SPS: High profile, 4:2:0, 8 bit, with VUI timing. */
export function h264Sps({ width = 1280, height = 720, frameRate = 25, level = 31, interlaced = false } = {}): Buffer {
  const rows = Math.ceil(height / (interlaced ? 32 : 16));
  const cropRows = (rows * (interlaced ? 32 : 16) - height) / (interlaced ? 4 : 2);
  const bits = new BitWriter().bits(8, 100).bits(8, 0).bits(8, level).ue(0);
  bits.ue(1).ue(0).ue(0).flag(false).flag(false); // 4:2:0, 8 bit, no scaling matrix
  bits.ue(0).ue(2).ue(1).flag(false); // frame number, POC type 2, one reference
  bits
    .ue(Math.ceil(width / 16) - 1)
    .ue(rows - 1)
    .flag(!interlaced);
  if (interlaced) bits.flag(true);
  bits.flag(true);
  bits.flag(cropRows > 0);
  if (cropRows > 0) bits.ue(0).ue(0).ue(0).ue(cropRows);
  bits.flag(true).flag(false).flag(false).flag(false).flag(false); // VUI: no aspect, overscan, signal, chroma
  bits
    .flag(true)
    .bits(32, 1000)
    .bits(32, Math.round(frameRate * 2000))
    .flag(true);
  bits.flag(false).flag(false).flag(false).flag(false).trailing();
  return nal(Buffer.from([0x67]), bits.bytes());
}

export const h264Pps = nal(
  Buffer.from([0x68]),
  new BitWriter()
    .ue(0)
    .ue(0)
    .flag(false)
    .flag(false)
    .ue(0)
    .ue(0)
    .ue(0)
    .bits(3, 0)
    .se(0)
    .se(0)
    .se(0)
    .bits(3, 0)
    .trailing()
    .bytes(),
);

export const accessUnitDelimiter = Buffer.from([0, 0, 0, 1, 0x09, 0xf0]);

/** A slice that is all header and filling: it parses as far as its type, and decodes to nothing. */
export function h264Slice(kind: 'idr' | 'i' | 'p', filling: number | Uint8Array = 40): Buffer {
  const head = new BitWriter()
    .ue(0)
    .ue(kind === 'p' ? 5 : 7)
    .ue(0)
    .trailing()
    .bytes();
  const body = typeof filling === 'number' ? Buffer.alloc(filling, 0xaa) : filling;
  return Buffer.concat([nal(Buffer.from([kind === 'idr' ? 0x65 : 0x41]), head), body]);
}

/** SEI with a recovery point of 0 frames. */
export const recoveryPointSei = nal(Buffer.from([0x06]), Buffer.from([6, 1, 0xc4, 0x80]));

/** An ADTS frame, AAC-LC 48 kHz stereo, with a payload of zeros. */
export function adtsFrame(payload = 64): Buffer {
  const length = 7 + payload;
  return Buffer.concat([
    Buffer.from([0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc]),
    Buffer.alloc(payload, 0x21),
  ]);
}

/** A PES packet; its length field is 0 (unbounded) for video. */
export function pes(streamId: number, payload: Uint8Array, { pts, dts }: { pts?: number; dts?: number } = {}): Buffer {
  const stamps = pts === undefined ? 0 : dts === undefined ? 5 : 10;
  const head = Buffer.alloc(9 + stamps);
  head.set([0, 0, 1, streamId]);
  const length = payload.length + 3 + stamps;
  if ((streamId & 0xf0) !== 0xe0 && length < 0x10000) head.writeUInt16BE(length, 4);
  head.set([0x84, stamps === 0 ? 0 : stamps === 5 ? 0x80 : 0xc0, stamps], 6);
  if (pts !== undefined) {
    head[9] = stamps === 5 ? 0x20 : 0x30;
    writeStamp(head, 9, wrapPts(pts));
  }
  if (dts !== undefined) {
    head[14] = 0x10;
    writeStamp(head, 14, wrapPts(dts));
  }
  return Buffer.concat([head, payload]);
}

/** Writes packets and counts their continuity counters per PID. */
export class TsWriter {
  readonly #counters = new Map<number, number>();

  /** Splits `unit` (a PES packet) over packets. The first gets PCR and random access indicator if given; the last is stuffed. */
  unit(
    pid: number,
    unit: Uint8Array,
    { pcr, randomAccess = false }: { pcr?: number; randomAccess?: boolean } = {},
  ): Buffer {
    const packets: Buffer[] = [];
    let taken = 0;
    while (taken < unit.length) {
      const first = taken === 0;
      const field = first && (pcr !== undefined || randomAccess) ? (pcr === undefined ? 2 : 8) : 0;
      const room = packetSize - 4 - field;
      const count = Math.min(room, unit.length - taken);
      const stuffing = room - count;
      const packet = Buffer.alloc(packetSize, 0xff);
      const adaptation = field + stuffing;
      packet.set([
        syncByte,
        (first ? 0x40 : 0) | (pid >> 8),
        pid & 0xff,
        (adaptation > 0 ? 0x30 : 0x10) | this.#next(pid),
      ]);
      if (adaptation > 0) packet[4] = adaptation - 1;
      if (adaptation > 1) packet[5] = (first && randomAccess ? 0x40 : 0) | (first && pcr !== undefined ? 0x10 : 0);
      if (first && pcr !== undefined) setPcr(packet, 0, wrapPcr(pcr));
      packet.set(unit.subarray(taken, taken + count), packetSize - count);
      packets.push(packet);
      taken += count;
    }
    return Buffer.concat(packets);
  }

  section(pid: number, section: Uint8Array): Buffer {
    const count = Math.ceil((section.length + 1) / 184);
    let last = 0;
    for (let n = 0; n < count; n++) last = this.#next(pid);
    return packSection(pid, section, last);
  }

  #next(pid: number): number {
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, (counter + 1) & 15);
    return counter;
  }
}

export const plainPat = buildPat([{ number: 1, pmtPid }]);
export const plainPmt = buildPmt({
  programNumber: 1,
  pcrPid: videoPid,
  streams: [
    { pid: videoPid, streamType: 0x1b },
    { pid: audioPid, streamType: 0x0f },
  ],
});

export interface SyntheticOptions {
  /** Bits per second of the whole stream; at least 200,000. */
  readonly bitRate?: number;
  readonly frameRate?: number;
  readonly keyFrameMs?: number;
  /** PTS of the first frame in 90 kHz ticks. */
  readonly startPts?: number;
  /** False leaves SPS and PPS out of all key frames but the first. */
  readonly repeatSets?: boolean;
  /** The running number of the first stamped packet. */
  readonly firstStamp?: number;
}

const stampMark = '#coax';
const stampLength = stampMark.length + 8;

/**
 * An endless transport stream, one frame's packets a step: tables before each key frame, H.264 that parses but shows nothing, AAC
 * frames. Each video packet that is full of slice data ends with a stamp; see `stampOf`.
 */
export function* syntheticTs({
  bitRate = 2_000_000,
  frameRate = 25,
  keyFrameMs = 1000,
  startPts = 90_000,
  repeatSets = true,
  firstStamp = 0,
}: SyntheticOptions = {}): Generator<Buffer, never> {
  const writer = new TsWriter();
  const ticks = 90_000 / frameRate;
  const perFrame = Math.max(4, Math.round(bitRate / frameRate / 8 / packetSize));
  const keyEvery = Math.max(1, Math.round((keyFrameMs * frameRate) / 1000));
  const sets = Buffer.concat([h264Sps({ frameRate }), h264Pps]);
  let stamp = firstStamp;
  for (let frame = 0; ; frame++) {
    const pts = Math.round(startPts + frame * ticks);
    const isKey = frame % keyEvery === 0;
    const parts: Buffer[] = [];
    if (isKey) parts.push(writer.section(0, plainPat), writer.section(pmtPid, plainPmt));
    const sound = writer.unit(audioPid, pes(0xc0, Buffer.concat([adtsFrame(), adtsFrame()]), { pts }));
    const head = Buffer.concat([
      accessUnitDelimiter,
      ...(isKey && (repeatSets || frame === 0) ? [sets] : []),
      h264Slice(isKey ? 'idr' : 'p', 0),
    ]);
    const room = perFrame - parts.length - sound.length / packetSize;
    // 8 bytes of adaptation field in the first packet, 14 of PES header, and one of stuffing, which tells where the picture ends.
    const filling = Math.max(16, room * 184 - 8 - 14 - 1 - head.length);
    const picture = writer.unit(videoPid, pes(0xe0, Buffer.concat([head, Buffer.alloc(filling, 0xaa)]), { pts }), {
      pcr: (pts - 18_000) * 300,
      randomAccess: isKey,
    });
    for (let offset = packetSize; offset + packetSize <= picture.length; offset += packetSize) {
      const mark = `${stampMark}${(stamp++ >>> 0).toString(16).padStart(8, '0')}`;
      picture.write(mark, offset + packetSize - stampLength, 'latin1');
    }
    yield Buffer.concat([...parts, picture, sound]);
  }
}

/** The running number of a stamped video packet of `syntheticTs`, or -1. Only a frame's first packet has none. */
export function stampOf(bytes: Buffer, offset: number): number {
  const text = bytes.toString('latin1', offset + packetSize - stampLength, offset + packetSize);
  return text.startsWith(stampMark) ? Number.parseInt(text.slice(stampMark.length), 16) : -1;
}

/** The first `ms` milliseconds of a synthetic stream in one buffer. */
export function syntheticClip(ms: number, options: SyntheticOptions = {}): Buffer {
  const frames = Math.ceil((ms * (options.frameRate ?? 25)) / 1000);
  const stream = syntheticTs(options);
  return Buffer.concat(Array.from({ length: frames }, () => stream.next().value));
}
