import { continuityOf, patPid, pidCount } from './packet.ts';
import { buildPat, type ElementaryStream, type Pat, type Pmt, parsePat, parsePmt } from './psi.ts';
import { packSection, SectionAssembler } from './section.ts';

/** The tables a decoder needs before anything else, as whole packets. */
export interface TablePackets {
  readonly pat: Buffer;
  readonly pmt: Buffer;
}

/** The program a stream is played by: the first of the PAT that has video, else the first with audio. */
export interface Program {
  readonly number: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  readonly streams: readonly ElementaryStream[];
}

interface Entry {
  readonly number: number;
  readonly pmtPid: number;
  pmt?: Pmt;
  section?: Buffer;
  /** Continuity counter of the packet that completed the section last. */
  counter: number;
  seen: number;
}

/** Follows PAT and PMTs of a stream and chooses its program. Feed it every packet whose PID `isTable`. */
export class ProgramTables {
  readonly #isTable = new Uint8Array(pidCount);
  readonly #patAssembler = new SectionAssembler();
  readonly #pmtAssemblers = new Map<number, SectionAssembler>();
  #entries: Entry[] = [];
  #pat: Pat | null = null;
  #patSection: Buffer | null = null;
  #patCounter = 0;
  #pendingPat: Entry[] = [];
  #chosen: Entry | null = null;
  #program: Program | null = null;
  #packets: TablePackets | null = null;

  constructor() {
    this.#isTable[patPid] = 1;
  }

  isTable(pid: number): boolean {
    return this.#isTable[pid] === 1;
  }

  get program(): Program | null {
    return this.#program;
  }

  /**
   * PAT and PMT of the chosen program as they last came, or null. Their continuity counters are those of the stream's last tables, so
   * that the stream's next ones follow on. The buffers are never changed once handed out.
   */
  packets(): TablePackets | null {
    const chosen = this.#chosen;
    if (chosen?.section === undefined || this.#pat === null || this.#patSection === null) return null;
    // A PAT of several sections is replaced by one that names the chosen program alone.
    const pat = this.#pat.lastSectionNumber === 0 ? this.#patSection : buildPat([chosen], this.#pat);
    this.#packets ??= {
      pat: packSection(patPid, pat, this.#patCounter),
      pmt: packSection(chosen.pmtPid, chosen.section, chosen.counter),
    };
    return this.#packets;
  }

  /** Takes the packet at `offset`; true when the chosen program or its streams changed. */
  push(bytes: Buffer, offset: number, pid: number): boolean {
    const before = this.#program;
    const counter = continuityOf(bytes, offset);
    if (pid === patPid) this.#patAssembler.push(bytes, offset, (section) => this.#onPat(section, counter));
    else this.#pmtAssemblers.get(pid)?.push(bytes, offset, (section) => this.#onPmt(pid, section, counter));
    return this.#program !== before;
  }

  reset(): void {
    this.#isTable.fill(0);
    this.#isTable[patPid] = 1;
    this.#patAssembler.reset();
    this.#pmtAssemblers.clear();
    this.#entries = [];
    this.#pendingPat = [];
    this.#pat = null;
    this.#patSection = null;
    this.#chosen = null;
    this.#program = null;
    this.#packets = null;
  }

  #onPat(section: Buffer, counter: number): void {
    const pat = parsePat(section);
    if (pat === null) return;
    this.#packets = null;
    this.#patCounter = counter;
    if (this.#patSection !== null && this.#patSection.equals(section)) return;
    if (pat.sectionNumber === 0) this.#pendingPat = [];
    this.#pendingPat.push(...pat.programs.map((program) => ({ ...program, counter: 0, seen: 0 })));
    this.#pat = pat;
    this.#patSection = Buffer.from(section);
    if (pat.sectionNumber < pat.lastSectionNumber) return;
    this.#entries = this.#pendingPat.map(
      (entry) => this.#entries.find((old) => old.number === entry.number && old.pmtPid === entry.pmtPid) ?? entry,
    );
    this.#pendingPat = [];
    this.#isTable.fill(0);
    this.#isTable[patPid] = 1;
    for (const { pmtPid } of this.#entries) {
      this.#isTable[pmtPid] = 1;
      if (!this.#pmtAssemblers.has(pmtPid)) this.#pmtAssemblers.set(pmtPid, new SectionAssembler());
    }
    for (const pmtPid of this.#pmtAssemblers.keys())
      if (this.#isTable[pmtPid] !== 1) this.#pmtAssemblers.delete(pmtPid);
    if (this.#chosen !== null && !this.#entries.includes(this.#chosen)) this.#chosen = null;
    this.#choose();
  }

  #onPmt(pid: number, section: Buffer, counter: number): void {
    if (section[0] !== 0x02 || section.length < 16) return;
    const number = section.readUInt16BE(3);
    const entry = this.#entries.find((each) => each.number === number && each.pmtPid === pid);
    if (entry === undefined) return;
    if (entry.section?.equals(section) === true) {
      entry.seen++;
      entry.counter = counter;
      if (entry === this.#chosen) this.#packets = null;
      else if (this.#chosen === null) this.#choose();
      return;
    }
    const pmt = parsePmt(section);
    if (pmt === null) return;
    entry.pmt = pmt;
    entry.section = Buffer.from(section);
    entry.counter = counter;
    entry.seen = 1;
    if (entry === this.#chosen) this.#use(entry);
    else if (this.#chosen === null) this.#choose();
  }

  /** Waits until every PMT before the chosen one is known, or one has come twice and the others are missing. */
  #choose(): void {
    if (this.#chosen !== null) return;
    const complete =
      this.#entries.every((entry) => entry.pmt !== undefined) || this.#entries.some(({ seen }) => seen > 1);
    for (const kind of ['video', 'audio'] as const) {
      for (const entry of this.#entries) {
        if (entry.pmt === undefined && !complete) return;
        if (entry.pmt?.streams.some((stream) => stream.kind === kind) === true) return this.#use(entry);
      }
      if (!complete) return;
    }
    const first = this.#entries.find((entry) => entry.pmt !== undefined);
    if (complete && first !== undefined) this.#use(first);
  }

  #use(entry: Entry): void {
    if (entry.pmt === undefined) return;
    this.#chosen = entry;
    this.#packets = null;
    this.#program = {
      number: entry.number,
      pmtPid: entry.pmtPid,
      pcrPid: entry.pmt.pcrPid,
      streams: entry.pmt.streams,
    };
  }
}
