import { continuityOf, packetSize, payloadOffset, pcrOf, pidOf, setContinuity } from '../mpegts/packet.ts';
import { readPesHeader } from '../mpegts/pes.ts';
import { PidSwaps } from '../mpegts/pid-swaps.ts';
import { type Program, ProgramTables, type TablePackets } from '../mpegts/program-tables.ts';
import { Restamper } from '../mpegts/restamp.ts';
import { SectionTurn } from '../mpegts/section-turn.ts';
import { StampTrail } from '../mpegts/stamp-trail.ts';
import { ptsDifference, ptsHz, wrapPts } from '../mpegts/time.ts';
import { UnitGate } from '../mpegts/unit-gate.ts';

/** A provider that goes on in its own time keeps it when no more than this is missing; a player bridges that. */
const longestGapTicks = ptsHz;
/** Times of one stream that are further apart than this say nothing about each other. */
const farTicks = 10 * ptsHz;
const usualStepTicks = 3_600;
const roundingTicks = 90;

/** Where the next generation starts. */
export interface SeamStart {
  readonly tables: TablePackets;
  /** The packets from the entry point on. */
  readonly packets: Buffer;
  /** The last PCR up to the entry point, in 27 MHz ticks; -1 when none came. */
  readonly pcr: number;
}

/** Times of a generation's first unit as it brings them; -1 where it has none. */
interface FirstTimes {
  readonly mainPid: number;
  readonly pcrPid: number;
  readonly pts: number;
  readonly dts: number;
  readonly pcr: number;
}

/**
 * Makes one stream of the generations of a relay: counters and times go on where the last generation stopped, and the versions of PAT
 * and PMT change when their content does (design S4); streams that go on keep their PIDs. It does nothing before the first reconnect: what was sent until then is read
 * from `history` at that moment. Half a unit at the end of a generation stays, because it was sent when it came.
 */
export class Seam {
  readonly #history: () => Iterable<Buffer>;
  readonly #restamper = new Restamper();
  readonly #trail = new StampTrail();
  /** The tables as they were written. */
  readonly #sent = new ProgramTables();
  #spliced = false;
  /** Gives the streams of this generation the PIDs they had before. */
  #swaps: PidSwaps | null = null;
  #shift = 0;
  #turns = new Map<number, number>();
  #sections = new Map<number, SectionTurn>();
  /** PID whose next PCR gets the discontinuity_indicator; -1 when none has to. */
  #flagPid = -1;

  /** `history` gives whole packets as they were sent, oldest first. */
  constructor(history: () => Iterable<Buffer>) {
    this.#history = history;
  }

  /** Begins the next generation and returns its tables, to be written before its packets. */
  splice(start: SeamStart): Buffer {
    if (!this.#spliced) for (const packets of this.#history()) this.#remember(packets);
    this.#spliced = true;
    const own = programOf(start.tables);
    const before = this.#sent.program;
    this.#swaps = before === null || own === null ? null : PidSwaps.between(before, own);
    const tables = this.#swapped(start.tables);
    const program = programOf(tables);
    const mainPid = this.#swaps?.of(pidOf(start.packets, 0)) ?? pidOf(start.packets, 0);
    const main = readPesHeader(start.packets, payloadOffset(start.packets, 0), packetSize);
    this.#turnVersions(tables, program);
    const pcrPid = program?.pcrPid ?? -1;
    this.#moveTimes({ mainPid, pcrPid, pts: main?.pts ?? -1, dts: main?.dts ?? -1, pcr: start.pcr });
    const gate = new UnitGate({
      mainPid,
      mainPts: main?.pts ?? -1,
      clockPid: program?.streams.some(({ pid }) => pid === pcrPid) === true ? -1 : pcrPid,
      shift: this.#shift,
      sentUntil: (pid) => {
        const last = this.#trail.of(pid);
        return last === undefined ? -1 : wrapPts(last.dts + Math.max(last.longest, 2 * roundingTicks));
      },
    });
    this.#restamper.splice(this.#shift, gate.admits);
    return this.copy(Buffer.concat([start.tables.pat, start.tables.pmt]));
  }

  /** The next packets of the generation as they are to be sent. */
  copy(packets: Buffer): Buffer {
    const out = Buffer.from(packets);
    this.#swaps?.apply(out);
    this.#restamper.apply(out);
    this.#turnSections(out, this.#sections);
    if (this.#flagPid >= 0) this.#flag(out);
    this.#note(out);
    return out;
  }

  /** Tables that stood in the generation, as they are to be sent to one who enters later. */
  tables({ pat, pmt }: TablePackets): Buffer {
    const both = Buffer.concat([pat, pmt]);
    this.#swaps?.apply(both);
    const out = this.#restamper.again(both);
    this.#turnSections(out, this.#newSections());
    return out;
  }

  /** The tables with the PIDs the streams get, their versions as they came. */
  #swapped(tables: TablePackets): TablePackets {
    const swaps = this.#swaps;
    if (swaps === null) return tables;
    const turned = (packets: Buffer): Buffer => {
      const out = Buffer.from(packets);
      swaps.apply(out);
      const section = new SectionTurn(0, swaps);
      for (let offset = 0; offset < out.length; offset += packetSize) section.apply(out, offset);
      return out;
    };
    return { pat: turned(tables.pat), pmt: turned(tables.pmt) };
  }

  #remember(packets: Buffer): void {
    this.#restamper.observe(packets);
    this.#note(packets);
  }

  #note(packets: Buffer): void {
    for (let offset = 0; offset + packetSize <= packets.length; offset += packetSize) {
      const pid = pidOf(packets, offset);
      if (this.#sent.isTable(pid)) this.#sent.push(packets, offset, pid);
      else this.#trail.note(packets, offset, pid);
    }
  }

  /** A version goes on as it is while the content is the same, and by one when it is not; what the provider changes later adds to it. */
  #turnVersions(tables: TablePackets, program: Program | null): void {
    const before = this.#sent.packets();
    this.#turns = new Map();
    if (before !== null && program !== null) {
      this.#turns.set(0, versionTurn(before.pat, tables.pat));
      this.#turns.set(program.pmtPid, versionTurn(before.pmt, tables.pmt));
    }
    this.#sections = this.#newSections();
  }

  #newSections(): Map<number, SectionTurn> {
    const swaps = this.#swaps;
    return new Map(
      [...this.#turns]
        .filter(([, turn]) => turn !== 0 || swaps !== null)
        .map(([pid, turn]) => [pid, new SectionTurn(turn, swaps)]),
    );
  }

  #turnSections(out: Buffer, sections: ReadonlyMap<number, SectionTurn>): void {
    if (sections.size === 0) return;
    for (let offset = 0; offset < out.length; offset += packetSize)
      sections.get(pidOf(out, offset))?.apply(out, offset);
  }

  #moveTimes({ mainPid, pcrPid, pts, pcr, ...first }: FirstTimes): void {
    const old = this.#sent.program;
    const last = this.#trail.of(mainPidOf(old)) ?? this.#trail.of(mainPid);
    const lastPcr = this.#trail.pcrOf(old?.pcrPid ?? -1);
    const dts = first.dts < 0 ? pts : first.dts;
    const rules: TimeRule[] = [];
    if (last !== undefined && pts >= 0) {
      const step = last.step === 0 ? usualStepTicks : last.step;
      rules.push({ least: last.dts + step, first: dts }, { least: last.pts + step, first: pts });
    }
    if (lastPcr >= 0 && pcr >= 0) rules.push({ least: Math.ceil(lastPcr / 300) + 1, first: Math.floor(pcr / 300) });
    this.#shift = nextShift(this.#shift, rules);
    this.#flagPid = rules.length === 0 ? pcrPid : -1;
  }

  /** Without times to compare nothing is known of the new clock (ISO 13818-1 2.4.3.5). */
  #flag(out: Buffer): void {
    for (let offset = 0; offset < out.length; offset += packetSize) {
      if (pidOf(out, offset) !== this.#flagPid || pcrOf(out, offset) < 0) continue;
      out[offset + 5] = (out[offset + 5] ?? 0) | 0x80;
      this.#flagPid = -1;
      return;
    }
  }
}

/** `first`, moved by the shift, must not be before `least`; both are 90 kHz ticks. */
export interface TimeRule {
  readonly least: number;
  readonly first: number;
}

/** The shift to go on with: the present one while it keeps the rules and leaves no long gap, else the smallest that keeps them. */
export function nextShift(present: number, rules: readonly TimeRule[]): number {
  const [base, ...others] = rules;
  if (base === undefined) return present;
  const needed = base.least - base.first;
  const more = others.map(({ least, first }) => ptsDifference(least - first, needed)).filter((each) => each < farTicks);
  const shift = wrapPts(needed + Math.max(0, ...more));
  const missing = ptsDifference(present, shift);
  return missing >= 0 && missing <= longestGapTicks ? present : shift;
}

/** The PID of the picture, else of the first sound; -1 when there is neither. */
export function mainPidOf(program: Program | null): number {
  const streams = program?.streams ?? [];
  return (streams.find(({ kind }) => kind === 'video') ?? streams.find(({ kind }) => kind === 'audio'))?.pid ?? -1;
}

/** The program that the tables tell. */
export function programOf({ pat, pmt }: TablePackets): Program | null {
  return tablesIn(Buffer.concat([pat, pmt])).program;
}

/** What a PAT and one PMT tell, given as whole packets. */
export function tablesIn(packets: Buffer): ProgramTables {
  const tables = new ProgramTables();
  // Of several programs, one whose PMT has come twice is believed to be the one that is sent.
  for (let turn = 0; turn < 2 && tables.program === null; turn++) {
    const bytes = Buffer.from(packets);
    for (let offset = 0; offset < bytes.length; offset += packetSize) {
      setContinuity(bytes, offset, continuityOf(bytes, offset) + (turn * bytes.length) / packetSize);
      tables.push(bytes, offset, pidOf(bytes, offset));
    }
  }
  return tables;
}

/** What to add to the version of `after`; both are packets of one section. */
function versionTurn(before: Buffer, after: Buffer): number {
  const same = content(before).equals(content(after));
  return (versionOf(before) + (same ? 0 : 1) - versionOf(after)) & 0x1f;
}

// Packed by `packSection`: four bytes of header and a pointer of 0 stand before the section.
const sectionAt = 5;

function versionOf(packets: Buffer): number {
  return ((packets[sectionAt + 5] ?? 0) >>> 1) & 0x1f;
}

/** Everything but version, CRC and packet headers. */
function content(packets: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < packets.length; offset += packetSize)
    parts.push(packets.subarray(offset + (offset === 0 ? sectionAt : 4), offset + packetSize));
  const whole = Buffer.concat(parts);
  const section = Buffer.from(whole.subarray(0, 3 + ((whole[1] ?? 0) & 0x0f) * 256 + (whole[2] ?? 0) - 4));
  section[5] = (section[5] ?? 0) & 0xc1;
  return section;
}
