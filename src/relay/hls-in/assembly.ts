import { CoaxError } from '../../errors.ts';
import { MuxPassage } from './mux-passage.ts';
import type { Passage, PassageSink, Role } from './passage.ts';
import { kindOf, type SegmentKind } from './segment-kind.ts';
import { TsPassage } from './ts-passage.ts';
import { Fmp4Source, PackedSource, TsSource, type UnitSource } from './unit-source.ts';

type Kind = Exclude<SegmentKind, 'more' | 'unknown'>;

const sources: Readonly<Record<Kind, () => UnitSource>> = {
  ts: () => new TsSource(),
  fmp4: () => new Fmp4Source(),
  packed: () => new PackedSource(),
};

interface Part {
  kind: Kind | null;
  /** Bytes of the present segment, while they do not tell what it is; null afterwards. */
  head: Buffer | null;
  init: Buffer | null;
  durationMs: number;
}

/**
 * Makes one transport stream of the segments of one or two playlists, whatever they are. What a segment is, is told by its bytes. A stream
 * of another kind, or one after a cut, is joined as another time line.
 */
export class Assembly {
  readonly #out: PassageSink;
  readonly #parts: ReadonlyMap<Role, Part>;
  #passage: Passage | null = null;
  /** Segments that came before all kinds were known. */
  #early: ((passage: Passage) => void)[] = [];
  #isCut = false;

  constructor(out: PassageSink, roles: readonly Role[]) {
    this.#out = out;
    this.#parts = new Map(roles.map((role) => [role, { kind: null, head: null, init: null, durationMs: 0 }]));
  }

  /** What comes next has another time line, or something is missing before it. */
  cut(): void {
    if (this.#passage !== null) this.#isCut = true;
    this.#passage?.finish();
    this.#passage = null;
    this.#early = [];
    for (const part of this.#parts.values()) part.kind = null;
  }

  /** `init` is the initialization section that is in force; it may be that of segments of another kind. */
  begin(role: Role, durationMs: number, init: Buffer | null = null): void {
    const part = this.#parts.get(role);
    if (part === undefined) return;
    part.head = Buffer.alloc(0);
    part.init = init;
    part.durationMs = durationMs;
  }

  /** Throws UPSTREAM_BAD_CONTENT when it is no media. */
  push(role: Role, chunk: Buffer): void {
    const part = this.#parts.get(role);
    if (part === undefined || chunk.length === 0) return;
    if (part.head === null) this.#run((passage) => passage.push(role, chunk));
    else {
      part.head = part.head.length === 0 ? chunk : Buffer.concat([part.head, chunk]);
      this.#recognise(role, part, false);
    }
  }

  end(role: Role): void {
    const part = this.#parts.get(role);
    if (part === undefined) return;
    if (part.head !== null && part.head.length > 0) this.#recognise(role, part, true);
    this.#run((passage) => passage.end(role));
  }

  /** Gives out what is held. */
  finish(): void {
    this.#passage?.finish();
  }

  /** Whether a segment of this role has come since the last cut. */
  has(role: Role): boolean {
    return this.#parts.get(role)?.kind != null;
  }

  /** How far a role has come, in 90 kHz ticks round the wrap; -1 before its first unit. */
  headOf(role: Role): number {
    return this.#passage?.headOf(role) ?? -1;
  }

  #recognise(role: Role, part: Part, isWhole: boolean): void {
    const { head, init, durationMs } = part;
    if (head === null) return;
    const kind = kindOf(head, isWhole);
    if (kind === 'more') return;
    if (kind === 'unknown')
      throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent a segment that is neither MPEG-TS, MP4 nor sound');
    part.head = null;
    if (part.kind !== kind && part.kind !== null) this.cut();
    part.kind = kind;
    this.#make();
    this.#run((passage) => {
      passage.begin(role, durationMs);
      if (init !== null && kindOf(init, true) === kind) passage.push(role, init);
      passage.push(role, head);
    });
  }

  /** A passage is made once it is known what all playlists hold. */
  #make(): void {
    const kinds = Array.from(this.#parts.values(), ({ kind }) => kind);
    if (this.#passage !== null || kinds.includes(null)) return;
    const isPlain = this.#parts.size === 1 && kinds[0] === 'ts';
    const made = new Map<Role, UnitSource>();
    for (const [role, { kind }] of this.#parts) if (kind !== null) made.set(role, sources[kind]());
    this.#passage = isPlain ? new TsPassage(this.#out) : new MuxPassage(this.#out, made);
    if (this.#isCut) this.#out.cut();
    this.#isCut = false;
    const early = this.#early;
    this.#early = [];
    for (const each of early) each(this.#passage);
  }

  #run(what: (passage: Passage) => void): void {
    if (this.#passage === null) this.#early.push(what);
    else what(this.#passage);
  }
}
