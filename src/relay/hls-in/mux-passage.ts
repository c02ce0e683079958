import { ptsDifference, wrapPts } from '../../mpegts/time.ts';
import { type MuxTrack, type MuxUnit, UnitMuxer } from '../../mpegts/unit-muxer.ts';
import { isJump, type Passage, type PassageSink, type Role } from './passage.ts';
import type { UnitSource } from './unit-source.ts';

/** One playlist's part in the stream. */
interface Part {
  readonly source: UnitSource;
  /** Index in the muxer by the source's; -1 is left out. Null while the source's tracks are unknown. */
  places: readonly number[] | null;
  tracks: readonly MuxTrack[] | null;
  /** Decoding time of the last unit, and where the next segment is expected to begin; -1 at the start. */
  head: number;
  expected: number;
  durationMs: number;
  isFresh: boolean;
}

/** What came before all tracks were known. */
const mostWaiting = 20_000;

/**
 * Segments that are taken apart and written anew as one transport stream: fragmented MP4, bare sound, and pictures whose sound is in
 * another playlist.
 */
export class MuxPassage implements Passage {
  readonly #out: PassageSink;
  readonly #parts: ReadonlyMap<Role, Part>;
  #muxer: UnitMuxer | null = null;
  #waiting: (readonly [Role, MuxUnit])[] = [];

  constructor(out: PassageSink, sources: ReadonlyMap<Role, UnitSource>) {
    this.#out = out;
    this.#parts = new Map(
      Array.from(sources, ([role, source]) => [
        role,
        { source, places: null, tracks: null, head: -1, expected: -1, durationMs: 0, isFresh: false },
      ]),
    );
  }

  begin(role: Role, durationMs: number): void {
    const part = this.#parts.get(role);
    if (part === undefined) return;
    part.source.begin();
    part.durationMs = durationMs;
    part.isFresh = true;
  }

  push(role: Role, chunk: Buffer): void {
    const part = this.#parts.get(role);
    if (part === undefined) return;
    this.#take(role, part, part.source.push(chunk));
    if (this.#muxer !== null) this.#give(this.#muxer.take());
  }

  end(role: Role): void {
    const part = this.#parts.get(role);
    if (part === undefined) return;
    this.#take(role, part, part.source.end());
    if (this.#muxer !== null) this.#give(this.#muxer.take());
  }

  finish(): void {
    if (this.#muxer === null) this.#begin([...this.#parts.values()].filter(({ tracks }) => tracks !== null));
    if (this.#muxer !== null) this.#give(this.#muxer.flush());
    this.#muxer = null;
  }

  headOf(role: Role): number {
    return this.#parts.get(role)?.head ?? -1;
  }

  #take(role: Role, part: Part, units: readonly MuxUnit[]): void {
    for (const unit of units) {
      if (part.isFresh) this.#startSegment(part, unit);
      part.head = Math.max(0, wrapPts(unit.dts));
      this.#place(role, part, unit);
    }
  }

  #startSegment(part: Part, { dts }: MuxUnit): void {
    part.isFresh = false;
    const at = wrapPts(dts);
    const moved = part.expected >= 0 && isJump(ptsDifference(at, part.expected));
    const changed = part.tracks !== null && part.source.tracks !== part.tracks;
    if (moved || changed) {
      this.finish();
      this.#waiting = [];
      for (const each of this.#parts.values()) each.places = null;
      this.#out.cut();
    }
    part.expected = wrapPts(at + part.durationMs * 90);
  }

  #place(role: Role, part: Part, unit: MuxUnit): void {
    part.tracks = part.source.tracks;
    if (this.#muxer === null) {
      this.#waiting.push([role, unit]);
      const parts = [...this.#parts.values()];
      const known = parts.filter(({ tracks }) => tracks !== null);
      if (known.length === parts.length || this.#waiting.length > mostWaiting) this.#begin(known);
      return;
    }
    const track = part.places?.[unit.track] ?? -1;
    if (track >= 0) this.#muxer.push({ ...unit, track });
  }

  /** Where there is a playlist for the sound, the other one's sound is left out. */
  #begin(known: readonly Part[]): void {
    const audio = this.#parts.get('audio');
    const all: MuxTrack[] = [];
    for (const part of known)
      part.places = (part.tracks ?? []).map((track) => {
        const isWanted =
          part === audio ? !track.isVideo : track.isVideo || audio === undefined || !known.includes(audio);
        return isWanted ? all.push(track) - 1 : -1;
      });
    if (all.length === 0) return;
    this.#muxer = new UnitMuxer(all);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [role, unit] of waiting) {
      const track = this.#parts.get(role)?.places?.[unit.track] ?? -1;
      if (track >= 0) this.#muxer.push({ ...unit, track });
    }
  }

  #give(packets: Buffer): void {
    if (packets.length > 0) this.#out.bytes(packets);
  }
}
