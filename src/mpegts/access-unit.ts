import { isRecoveryPointSei } from './sei.ts';

/**
 * Why decoding can start at an access unit: `idr` (H.264 IDR, HEVC IDR or BLA), `recovery` (recovery point SEI, HEVC CRA),
 * `intra` (an I picture after its sequence header), `random-access` (only the packet says so), `audio` (no video at all).
 */
export type StartKind = 'idr' | 'recovery' | 'intra' | 'random-access' | 'audio';

/** `more`: not decided yet. `none`: a picture that needs others. */
export type Verdict = StartKind | 'more' | 'none';

/** Bytes of an access unit looked at before giving up. */
const maxHead = 65_536;
/** Bytes of a slice needed to tell its type. */
const sliceHead = 10;

type UnitReader = (head: AccessUnitHead, from: number, to: number, complete: boolean) => Verdict;

/** Looks at the head of one access unit, given piece by piece, until its first picture tells whether decoding can start there. */
export class AccessUnitHead {
  bytes = Buffer.alloc(2048);
  /** Sequence header, or SPS and PPS, seen in this unit. */
  parameterSets = false;
  recoveryPoint = false;
  #length = 0;
  #scan = 0;
  /** Index after the start code of the unit in progress; -1 before the first. */
  #unit = -1;
  #reader: UnitReader | null = null;

  /** Sets the codec by ffprobe's name; false when its pictures can not be told apart. */
  use(codec: string): boolean {
    this.#reader = readers.get(codec) ?? null;
    this.begin(false);
    return this.#reader !== null;
  }

  /** Starts a new access unit; `keep` carries parameter sets over from a unit that held no picture. */
  begin(keep: boolean): void {
    this.#length = 0;
    this.#scan = 0;
    this.#unit = -1;
    if (keep) return;
    this.parameterSets = false;
    this.recoveryPoint = false;
  }

  push(source: Buffer, from: number, to: number): Verdict {
    const reader = this.#reader;
    if (reader === null) return 'none';
    const count = to - from;
    if (this.#length + count > maxHead) return 'none';
    if (this.#length + count > this.bytes.length) this.#grow(this.#length + count);
    source.copy(this.bytes, this.#length, from, to);
    this.#length += count;
    const { bytes } = this;
    const last = this.#length - 3;
    let i = this.#scan;
    while (i < last) {
      const third = bytes[i + 2] ?? 0;
      if (third > 1) i += 3;
      else if (third === 1 && bytes[i] === 0 && bytes[i + 1] === 0) {
        if (this.#unit >= 0) {
          const verdict = reader(this, this.#unit, i, true);
          if (verdict !== 'more') return verdict;
        }
        this.#unit = i + 3;
        i += 3;
      } else i++;
    }
    this.#scan = i;
    return this.#unit >= 0 && this.#unit < this.#length ? reader(this, this.#unit, this.#length, false) : 'more';
  }

  /** The access unit is over: decides with what is there. */
  finish(): Verdict {
    const open = this.#reader !== null && this.#unit >= 0 && this.#unit < this.#length;
    return open && this.#reader !== null ? this.#reader(this, this.#unit, this.#length, true) : 'more';
  }

  #grow(wanted: number): void {
    const larger = Buffer.alloc(Math.min(maxHead, Math.max(wanted, this.bytes.length * 4)));
    this.bytes.copy(larger, 0, 0, this.#length);
    this.bytes = larger;
  }
}

/** The type of an H.264 slice (0..9) at its NAL header; -1 when it can not be read. */
function sliceType(bytes: Buffer, nal: number, to: number): number {
  let bit = (nal + 1) * 8;
  const end = to * 8;
  const read = (): number => {
    let zeros = 0;
    while (bit < end && (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 0) {
      zeros++;
      bit++;
    }
    let value = 0;
    for (let n = 0; n <= zeros; n++, bit++) value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    return bit > end ? -1 : value - 1;
  };
  read();
  return read();
}

const readH264: UnitReader = (head, from, to, complete) => {
  const type = (head.bytes[from] ?? 0) & 0x1f;
  if (type === 5) return 'idr';
  if (type === 1 || type === 2) {
    if (head.recoveryPoint) return 'recovery';
    if (!complete && to - from < sliceHead) return 'more';
    const slice = sliceType(head.bytes, from, to) % 5;
    return head.parameterSets && (slice === 2 || slice === 4) ? 'intra' : 'none';
  }
  if (type === 7) head.parameterSets = true;
  else if (type === 6 && complete && isRecoveryPointSei(head.bytes, from + 1, to)) head.recoveryPoint = true;
  return 'more';
};

const readHevc: UnitReader = (head, from) => {
  const type = ((head.bytes[from] ?? 0) >> 1) & 0x3f;
  if (type >= 16 && type <= 20) return 'idr';
  if (type === 21) return 'recovery';
  if (type < 32) return 'none';
  if (type === 33) head.parameterSets = true;
  return 'more';
};

const readVvc: UnitReader = (head, from, to, complete) => {
  if (to - from < 2) return complete ? 'none' : 'more';
  const type = (head.bytes[from + 1] ?? 0) >> 3;
  if (type === 7 || type === 8) return 'idr';
  if (type === 9 || type === 10) return 'recovery';
  if (type < 12) return 'none';
  if (type === 15) head.parameterSets = true;
  return 'more';
};

const readMpeg2: UnitReader = (head, from, to, complete) => {
  const code = head.bytes[from] ?? 0;
  if (code === 0xb3) head.parameterSets = true;
  if (code !== 0x00) return code >= 0x01 && code <= 0xaf ? 'none' : 'more';
  if (to - from < 3) return complete ? 'none' : 'more';
  return (((head.bytes[from + 2] ?? 0) >> 3) & 7) === 1 && head.parameterSets ? 'intra' : 'none';
};

const readMpeg4: UnitReader = (head, from, to, complete) => {
  const code = head.bytes[from] ?? 0;
  if (code >= 0x20 && code <= 0x2f) head.parameterSets = true;
  if (code !== 0xb6) return 'more';
  if (to - from < 2) return complete ? 'none' : 'more';
  return (head.bytes[from + 1] ?? 0) >> 6 === 0 ? 'intra' : 'none';
};

const readVc1: UnitReader = (head, from) => {
  const code = head.bytes[from] ?? 0;
  if (code === 0x0f) head.parameterSets = true;
  if (code === 0x0e) return 'intra';
  return code === 0x0d ? 'none' : 'more';
};

const readCavs: UnitReader = (head, from) => {
  const code = head.bytes[from] ?? 0;
  if (code === 0xb0) head.parameterSets = true;
  if (code === 0xb3) return 'intra';
  return code === 0xb6 ? 'none' : 'more';
};

const readers: ReadonlyMap<string, UnitReader> = new Map([
  ['h264', readH264],
  ['hevc', readHevc],
  ['vvc', readVvc],
  ['mpeg1video', readMpeg2],
  ['mpeg2video', readMpeg2],
  ['mpeg4', readMpeg4],
  ['vc1', readVc1],
  ['cavs', readCavs],
]);
