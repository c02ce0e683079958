/**
 * Muxes a loop at a constant bit rate: video units of a transport stream and the middle 300 frames of an ADTS file become one clip that
 * starts with PAT, PMT and a key frame and can be played end to start without a seam. Usage: mux-demo-clip.ts VIDEO AUDIO OUT
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hasPayload, isUnitStart, packetSize, payloadOffset, pidOf, setPcr, syncByte } from '../src/mpegts/packet.ts';
import { pesPayloadStart, readPesHeader, writeStamp } from '../src/mpegts/pes.ts';
import { ProgramTables } from '../src/mpegts/program-tables.ts';
import { buildPat, buildPmt } from '../src/mpegts/psi.ts';
import { packSection } from '../src/mpegts/section.ts';

const loopTicks = 576_000;
const audioFrames = 300;
const audioFrameTicks = 1920;
const framesPerAudioUnit = 6;
const pcrEvery = 4;
const tablesEveryTicks = 36_000;
const pmtPid = 0x100;
const videoPid = 0x101;
const audioPid = 0x102;

interface Unit {
  readonly pid: number;
  readonly data: Buffer;
  readonly pts: number;
  readonly dts: number;
}

function readVideo(path: string): Unit[] {
  const bytes = readFileSync(path);
  const tables = new ProgramTables();
  const units: { data: Buffer[]; pts: number; dts: number }[] = [];
  for (let offset = 0; offset < bytes.length; offset += packetSize) {
    const pid = pidOf(bytes, offset);
    if (tables.isTable(pid)) tables.push(bytes, offset, pid);
    if (pid !== tables.program?.streams[0]?.pid || !hasPayload(bytes, offset)) continue;
    const start = payloadOffset(bytes, offset);
    const end = offset + packetSize;
    if (isUnitStart(bytes, offset)) {
      const { pts, dts } = readPesHeader(bytes, start, end)!;
      units.push({ data: [bytes.subarray(pesPayloadStart(bytes, start), end)], pts, dts: dts < 0 ? pts : dts });
    } else units.at(-1)!.data.push(bytes.subarray(start, end));
  }
  const first = units[0]!.dts;
  return units.map(({ data, pts, dts }) => ({
    pid: videoPid,
    data: Buffer.concat(data),
    pts: pts - first,
    dts: dts - first,
  }));
}

function readAudio(path: string, firstPts: number): Unit[] {
  const bytes = readFileSync(path);
  const frames: Buffer[] = [];
  for (let position = 0; position + 7 <= bytes.length; ) {
    const length = ((bytes[position + 3]! & 3) << 11) | (bytes[position + 4]! << 3) | (bytes[position + 5]! >> 5);
    frames.push(bytes.subarray(position, position + length));
    position += length;
  }
  const middle = frames.slice(150, 150 + audioFrames);
  const units: Unit[] = [];
  for (let n = 0; n < audioFrames; n += framesPerAudioUnit) {
    const pts = firstPts + n * audioFrameTicks;
    units.push({ pid: audioPid, data: Buffer.concat(middle.slice(n, n + framesPerAudioUnit)), pts, dts: pts });
  }
  return units;
}

function pes(unit: Unit, delay: number): Buffer {
  const both = unit.pts !== unit.dts;
  const stamps = both ? 10 : 5;
  const head = Buffer.alloc(9 + stamps);
  head.set([0, 0, 1, unit.pid === videoPid ? 0xe0 : 0xc0]);
  if (unit.pid === audioPid) head.writeUInt16BE(unit.data.length + 3 + stamps, 4);
  head.set([0x84, both ? 0xc0 : 0x80, stamps, both ? 0x30 : 0x20], 6);
  writeStamp(head, 9, unit.pts + delay);
  if (both) {
    head[14] = 0x10;
    writeStamp(head, 14, unit.dts + delay);
  }
  return Buffer.concat([head, unit.data]);
}

/** Packs units in order; returns the packets, which of them carry a PCR, and how many came before the end of each unit. */
function pack(units: readonly Unit[], delay: number): { packets: Buffer[]; clocks: number[]; ends: number[] } {
  const packets: Buffer[] = [];
  const clocks: number[] = [];
  const ends: number[] = [];
  const counters = new Map<number, number>();
  const next = (pid: number): number => {
    const counter = counters.get(pid) ?? 0;
    counters.set(pid, (counter + 1) & 15);
    return counter;
  };
  const pat = buildPat([{ number: 1, pmtPid }]);
  const pmt = buildPmt({
    programNumber: 1,
    pcrPid: videoPid,
    streams: [
      { pid: videoPid, streamType: 0x1b },
      { pid: audioPid, streamType: 0x0f },
    ],
  });
  let tablesDue = 0;
  let lastClock = -pcrEvery;
  for (const unit of units) {
    const isKey = unit.pid === videoPid && unit.dts % 144_000 === 0;
    if (unit.pid === videoPid && unit.dts >= tablesDue) {
      packets.push(packSection(0, pat, next(0)), packSection(pmtPid, pmt, next(pmtPid)));
      tablesDue = unit.dts + tablesEveryTicks;
    }
    const data = pes(unit, delay);
    let taken = 0;
    while (taken < data.length) {
      const clock = unit.pid === videoPid && (packets.length - lastClock >= pcrEvery || (isKey && taken === 0));
      const field = clock ? 8 : 0;
      const count = Math.min(packetSize - 4 - field, data.length - taken);
      const adaptation = packetSize - 4 - count;
      const packet = Buffer.alloc(packetSize, 0xff);
      packet.set([syncByte, (taken === 0 ? 0x40 : 0) | (unit.pid >> 8), unit.pid & 0xff]);
      packet[3] = (adaptation > 0 ? 0x30 : 0x10) | next(unit.pid);
      if (adaptation > 0) packet[4] = adaptation - 1;
      if (adaptation > 1) packet[5] = (clock ? 0x10 : 0) | (isKey && taken === 0 ? 0x40 : 0);
      packet.set(data.subarray(taken, taken + count), packetSize - count);
      if (clock) {
        lastClock = packets.length;
        clocks.push(packets.length);
      }
      packets.push(packet);
      taken += count;
    }
    ends.push(packets.length);
  }
  return { packets, clocks, ends };
}

const [videoPath, audioPath, outPath] = process.argv.slice(2);
const video = readVideo(videoPath!);
if (video.length !== 160) throw new Error(`160 frames wanted, ${video.length} found`);
const audio = readAudio(audioPath!, 0);
// Of one time, the video unit comes first: the clip has to start with it. A sound unit is sent when its first frame is due.
const units = [...video, ...audio].sort((a, b) => a.dts - b.dts || a.pid - b.pid);
const draft = pack(units, 0);
const total = draft.packets.length;
// Everything is sent in order at one rate; the delay is what the unit that comes latest needs, and 0.1 s.
const late = units.map((unit, n) => (draft.ends[n]! * loopTicks) / total - unit.dts);
const delay = Math.ceil(Math.max(...late)) + 9000;
const { packets, clocks } = pack(units, delay);
for (const index of clocks) setPcr(packets[index]!, 0, Math.round((index * loopTicks * 300) / total));
writeFileSync(outPath!, Buffer.concat(packets));
process.stdout.write(`${outPath}: ${total} packets, delay ${Math.round(delay / 90)} ms\n`);
