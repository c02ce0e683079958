import { holdsKeyFrame } from './ts-check.ts';

/** What one transport-stream segment is like. It reads the bytes with no code of the engine. */
export interface SegmentReport {
  /** What is wrong with it by itself. */
  readonly problems: readonly string[];
  /** Streams of its PMT, as `pid:type`. */
  readonly layout: string;
  /** Time stamps (DTS, else PTS) of the units of the picture, or of the sound where there is none, in 90 kHz ticks. */
  readonly stamps: readonly number[];
  /** The first picture decodes by itself. */
  readonly startsWithKey: boolean;
  /** Continuity counters of the first and the last packet of each PID. */
  readonly counters: ReadonlyMap<number, { readonly first: number; readonly last: number }>;
}

const packetSize = 188;
const videoTypes = new Set([0x01, 0x02, 0x1b, 0x24]);
const audioTypes = new Set([0x03, 0x04, 0x0f, 0x11, 0x81, 0x87]);

const stampAt = (bytes: Buffer, at: number): number =>
  ((bytes[at] ?? 0) & 0x0e) * 2 ** 29 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1);

function stampOf(payload: Buffer): number | undefined {
  const present = (payload[7] ?? 0) >> 6;
  const at = present === 3 ? 14 : 9;
  return present < 2 || payload.length < at + 5 ? undefined : stampAt(payload, at);
}

function streamsOf(payload: Buffer): { pid: number; type: number }[] {
  const section = payload.subarray(1 + (payload[0] ?? 0));
  const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
  const streams: { pid: number; type: number }[] = [];
  for (
    let at = 12 + (section.readUInt16BE(10) & 0xfff);
    at + 5 <= end;
    at += 5 + (section.readUInt16BE(at + 3) & 0xfff)
  )
    streams.push({ pid: section.readUInt16BE(at + 1) & 0x1fff, type: section[at] ?? 0 });
  return streams;
}

export function reportSegment(bytes: Buffer): SegmentReport {
  const problems: string[] = [];
  const counters = new Map<number, { first: number; last: number }>();
  const begun = new Set<number>();
  const stamps: number[] = [];
  let streams: { pid: number; type: number }[] = [];
  let pmtPid = -1;
  let main: { pid: number; type: number } | undefined;
  let firstUnit: Buffer[] | null = null;
  let startsWithKey = false;
  if (bytes.length === 0 || bytes.length % packetSize !== 0)
    problems.push(`${bytes.length} bytes are no whole packets`);
  for (let at = 0, index = 0; at + packetSize <= bytes.length; at += packetSize, index++) {
    if (bytes[at] !== 0x47) {
      problems.push(`packet ${index} has no sync byte`);
      break;
    }
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const control = bytes[at + 3] ?? 0;
    const isStart = ((bytes[at + 1] ?? 0) & 0x40) !== 0;
    const field = (control & 0x20) === 0 ? 0 : 1 + (bytes[at + 4] ?? 0);
    const isRandomAccess = field > 1 && ((bytes[at + 5] ?? 0) & 0x40) !== 0;
    const payload = (control & 0x10) === 0 ? Buffer.alloc(0) : bytes.subarray(at + 4 + field, at + packetSize);
    const counter = control & 15;
    const known = counters.get(pid);
    if (known === undefined) counters.set(pid, { first: counter, last: counter });
    else {
      const expected = payload.length > 0 ? (known.last + 1) & 15 : known.last;
      const isRepeat = payload.length > 0 && counter === known.last;
      if (pid !== 0x1fff && counter !== expected && !isRepeat)
        problems.push(`packet ${index} of PID ${pid} counts ${counter} after ${known.last}`);
      known.last = counter;
    }
    if (index === 0 && pid !== 0) problems.push('it does not begin with a PAT');
    if (pid === 0 && isStart) {
      const section = payload.subarray(1 + (payload[0] ?? 0));
      const programs = ((section.readUInt16BE(1) & 0xfff) - 9) / 4;
      if (programs !== 1) problems.push(`its PAT names ${programs} programs`);
      pmtPid = section.readUInt16BE(10) & 0x1fff;
    } else if (pid === pmtPid && isStart) {
      streams = streamsOf(payload);
      main ??= streams.find(({ type }) => videoTypes.has(type)) ?? streams.find(({ type }) => audioTypes.has(type));
    } else if (index === 1) problems.push('its second packet is no PMT');
    const stream = streams.find((each) => each.pid === pid);
    if (stream === undefined || payload.length === 0) continue;
    if (isStart) begun.add(pid);
    else if (!begun.has(pid) && (videoTypes.has(stream.type) || audioTypes.has(stream.type)))
      problems.push(`packet ${index} of PID ${pid} goes on with a unit of another segment`);
    if (pid !== main?.pid) continue;
    if (isStart) {
      const stamp = stampOf(payload);
      if (stamp !== undefined) stamps.push(stamp);
      if (firstUnit !== null && !startsWithKey) startsWithKey = holdsKeyFrame(main.type, Buffer.concat(firstUnit));
      if (stamps.length <= 1) {
        firstUnit = [payload];
        startsWithKey = isRandomAccess || !videoTypes.has(main.type);
      } else firstUnit = null;
    } else firstUnit?.push(payload);
  }
  const layout = streams.map(({ pid, type }) => `${pid}:${type}`).join(' ');
  return { problems, layout, stamps, startsWithKey, counters };
}
