import { isUnitStart, packetSize, payloadOffset, pidOf } from '../../mpegts/packet.ts';
import { readPesHeader } from '../../mpegts/pes.ts';
import { ProgramTables } from '../../mpegts/program-tables.ts';
import { Restamper } from '../../mpegts/restamp.ts';
import { TsSync } from '../../mpegts/sync.ts';
import { ptsDifference } from '../../mpegts/time.ts';
import { isJump, type Passage, type PassageSink } from './passage.ts';

/** The tables and the first time of a segment are looked for in this much of it. */
const mostLeadBytes = 262_144;

/** What the beginning of a segment tells. */
class Lead {
  readonly #tables = new ProgramTables();
  readonly packets: Buffer[] = [];
  #bytes = 0;
  /** Time of the first picture, else of the first sound; -1 while unknown. */
  pts = -1;

  /** True once there is nothing more to wait for. */
  push(packets: Buffer): boolean {
    this.packets.push(packets);
    this.#bytes += packets.length;
    for (let offset = 0; offset < packets.length && this.pts < 0; offset += packetSize) this.#look(packets, offset);
    return (this.pts >= 0 && this.#tables.program !== null) || this.#bytes >= mostLeadBytes;
  }

  /** PIDs and types of the streams; empty when the segment has no tables. */
  get layout(): string {
    return (this.#tables.program?.streams ?? []).map(({ pid, streamType }) => `${pid}:${streamType}`).join();
  }

  #look(packets: Buffer, offset: number): void {
    const pid = pidOf(packets, offset);
    if (this.#tables.isTable(pid)) {
      this.#tables.push(packets, offset, pid);
      return;
    }
    if (!isUnitStart(packets, offset)) return;
    const streams = this.#tables.program?.streams;
    const main = streams?.find(({ kind }) => kind === 'video') ?? streams?.find(({ kind }) => kind === 'audio');
    if (main !== undefined && main.pid !== pid) return;
    this.pts = readPesHeader(packets, payloadOffset(packets, offset), offset + packetSize)?.pts ?? -1;
  }
}

/**
 * Segments that are transport streams already: they go out as they are, without what stands before their first packet, and with counters
 * that go on from one to the next, as many packagers begin anew in each.
 */
export class TsPassage implements Passage {
  readonly #out: PassageSink;
  readonly #counters = new Restamper();
  #sync = new TsSync();
  #lead: Lead | null = null;
  #layout = '';
  /** Where the next segment is expected to begin; -1 when that is not known. */
  #expected = -1;
  #durationMs = 0;

  constructor(out: PassageSink) {
    this.#out = out;
  }

  begin(_role: unknown, durationMs: number): void {
    this.#sync = new TsSync();
    this.#lead = new Lead();
    this.#durationMs = durationMs;
    this.#counters.splice(0);
  }

  push(_role: unknown, chunk: Buffer): void {
    for (const packets of this.#sync.push(chunk)) {
      if (this.#lead === null) this.#write(packets);
      else if (this.#lead.push(packets)) this.#begun(this.#lead);
    }
  }

  end(): void {
    if (this.#lead !== null) this.#begun(this.#lead);
  }

  finish(): void {
    this.end();
  }

  headOf(): number {
    return this.#expected;
  }

  #begun(lead: Lead): void {
    this.#lead = null;
    const { layout, pts } = lead;
    const moved = pts >= 0 && this.#expected >= 0 && isJump(ptsDifference(pts, this.#expected));
    const changed = layout !== '' && this.#layout !== '' && layout !== this.#layout;
    if (moved || changed) this.#out.cut();
    if (layout !== '') this.#layout = layout;
    this.#expected = pts < 0 ? -1 : pts + this.#durationMs * 90;
    for (const packets of lead.packets) this.#write(packets);
  }

  /** The bytes are nobody else's. */
  #write(packets: Buffer): void {
    this.#counters.apply(packets);
    this.#out.bytes(packets);
  }
}
