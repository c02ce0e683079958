/** What a captured piece of transport stream is like. It reads the bytes with no code of the engine. */
export interface TsReport {
  readonly packets: number;
  /** False when a packet does not start with 0x47, or bytes are left over in front. */
  readonly aligned: boolean;
  /** Indexes of the first PAT, PMT and video key frame; -1 when missing. */
  readonly firstPat: number;
  readonly firstPmt: number;
  readonly firstKey: number;
  /** Video PES packets that start before the first key frame. */
  readonly videoBeforeKey: number;
  readonly continuityErrors: readonly string[];
  /** Video time stamps (DTS, else PTS) that go back, or forward by more than a second. */
  readonly timeJumps: readonly string[];
  readonly programNumber: number | undefined;
  readonly videoPid: number | undefined;
  /** Seconds between the first and the last video time stamp. */
  readonly seconds: number;
}

const packetSize = 188;
const videoTypes = new Set([0x01, 0x02, 0x1b, 0x24]);

interface Packet {
  readonly index: number;
  readonly pid: number;
  readonly start: boolean;
  readonly counter: number;
  readonly hasPayload: boolean;
  readonly discontinuity: boolean;
  readonly randomAccess: boolean;
  readonly payload: Buffer;
}

function packetAt(bytes: Buffer, index: number): Packet {
  const at = index * packetSize;
  const control = bytes[at + 3] ?? 0;
  const length = control & 0x20 ? (bytes[at + 4] ?? 0) + 1 : 0;
  const flags = length > 1 ? (bytes[at + 5] ?? 0) : 0;
  return {
    index,
    pid: bytes.readUInt16BE(at + 1) & 0x1fff,
    start: ((bytes[at + 1] ?? 0) & 0x40) !== 0,
    counter: control & 0x0f,
    hasPayload: (control & 0x10) !== 0,
    discontinuity: (flags & 0x80) !== 0,
    randomAccess: (flags & 0x40) !== 0,
    payload: control & 0x10 ? bytes.subarray(at + 4 + length, at + packetSize) : Buffer.alloc(0),
  };
}

function stampOf(payload: Buffer): number | undefined {
  const present = (payload[7] ?? 0) >> 6;
  const at = present === 3 ? 14 : 9;
  if (present < 2 || payload.length < at + 5) return undefined;
  const high = ((payload[at] ?? 0) >> 1) & 7;
  return (
    (high * 2 ** 30 + (payload.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (payload.readUInt16BE(at + 3) >> 1)) / 90_000
  );
}

/** True when the elementary stream of a PES packet holds a picture that decodes by itself. */
export function holdsKeyFrame(streamType: number, data: Buffer): boolean {
  for (let at = data.indexOf('000001', 0, 'hex'); at >= 0; at = data.indexOf('000001', at + 3, 'hex')) {
    const unit = data[at + 3] ?? 0;
    if (streamType === 0x1b && (unit & 0x1f) === 5) return true;
    if (streamType === 0x24 && ((unit >> 1) & 0x3f) >= 16 && ((unit >> 1) & 0x3f) <= 21) return true;
    if (streamType <= 2 && unit === 0 && (((data[at + 5] ?? 0) >> 3) & 7) === 1) return true;
  }
  return false;
}

class Watch {
  readonly #counters = new Map<number, number>();
  readonly continuityErrors: string[] = [];
  readonly timeJumps: string[] = [];
  #lastStamp: number | undefined;
  #firstStamp: number | undefined;

  get seconds(): number {
    return this.#firstStamp === undefined || this.#lastStamp === undefined ? 0 : this.#lastStamp - this.#firstStamp;
  }

  count(packet: Packet): void {
    if (packet.pid === 0x1fff) return;
    const last = this.#counters.get(packet.pid);
    this.#counters.set(packet.pid, packet.counter);
    if (last === undefined || packet.discontinuity) return;
    const expected = packet.hasPayload ? (last + 1) & 0x0f : last;
    if (packet.counter !== expected && !(packet.hasPayload && packet.counter === last))
      this.continuityErrors.push(`packet ${packet.index} pid ${packet.pid}: ${packet.counter}, expected ${expected}`);
  }

  stamp(index: number, seconds: number | undefined): void {
    if (seconds === undefined) return;
    const last = this.#lastStamp;
    if (last !== undefined && (seconds < last || seconds > last + 1))
      this.timeJumps.push(`packet ${index}: ${last.toFixed(3)} then ${seconds.toFixed(3)}`);
    this.#firstStamp ??= seconds;
    this.#lastStamp = seconds;
  }
}

/** Reads a capture from its first byte; a cut packet at the end is left alone. */
export function checkTs(bytes: Buffer): TsReport {
  const packets = Math.floor(bytes.length / packetSize);
  const watch = new Watch();
  let aligned = packets > 0;
  let firstPat = -1;
  let firstPmt = -1;
  let firstKey = -1;
  let videoBeforeKey = 0;
  let pmtPid = -1;
  let videoPid: number | undefined;
  let streamType = 0;
  let programNumber: number | undefined;
  let pes: { index: number; parts: Buffer[]; key: boolean } | undefined;

  const settle = () => {
    if (pes === undefined || firstKey >= 0) return;
    if (pes.key || holdsKeyFrame(streamType, Buffer.concat(pes.parts))) firstKey = pes.index;
    else videoBeforeKey += 1;
  };
  for (let index = 0; index < packets; index += 1) {
    if (bytes[index * packetSize] !== 0x47) {
      aligned = false;
      break;
    }
    const packet = packetAt(bytes, index);
    watch.count(packet);
    if (packet.pid === 0 && packet.start && firstPat < 0) {
      const section = packet.payload.subarray(1 + (packet.payload[0] ?? 0));
      firstPat = index;
      programNumber = section.readUInt16BE(8);
      pmtPid = section.readUInt16BE(10) & 0x1fff;
    } else if (packet.pid === pmtPid && packet.start && firstPmt < 0) {
      firstPmt = index;
      const section = packet.payload.subarray(1 + (packet.payload[0] ?? 0));
      const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
      for (
        let at = 12 + (section.readUInt16BE(10) & 0xfff);
        at + 5 <= end;
        at += 5 + (section.readUInt16BE(at + 3) & 0xfff)
      )
        if (videoPid === undefined && videoTypes.has(section[at] ?? 0)) {
          streamType = section[at] ?? 0;
          videoPid = section.readUInt16BE(at + 1) & 0x1fff;
        }
    } else if (packet.pid === videoPid) {
      if (packet.start) {
        settle();
        pes = { index, parts: [packet.payload], key: packet.randomAccess };
        watch.stamp(index, stampOf(packet.payload));
      } else pes?.parts.push(packet.payload);
    }
  }
  settle();
  const { continuityErrors, timeJumps, seconds } = watch;
  return {
    packets,
    aligned,
    firstPat,
    firstPmt,
    firstKey,
    videoBeforeKey,
    continuityErrors,
    timeJumps,
    programNumber,
    videoPid,
    seconds,
  };
}
