/** What leaves a passage, in order. */
export interface PassageSink {
  /** Whole packets of a transport stream. */
  bytes(packets: Buffer): void;
  /** What follows has another time line or other streams. */
  cut(): void;
}

/** The playlist a segment comes from: the programme itself, or the sound that goes with it. */
export type Role = 'main' | 'audio';

/** Makes one transport stream of segments of one kind. */
export interface Passage {
  /** The next segment of a role begins; it lasts so long by its playlist. */
  begin(role: Role, durationMs: number): void;
  /** Its next bytes, decrypted. */
  push(role: Role, chunk: Buffer): void;
  /** It is complete. */
  end(role: Role): void;
  /** Gives out what it still holds; nothing of this time line comes any more. */
  finish(): void;
  /** How far a role has come, in 90 kHz ticks of its stream round the wrap; -1 before its first unit. */
  headOf(role: Role): number;
}

/** Times further apart than a playlist can be wrong are of another time line, although nobody said so. */
export function isJump(ticks: number): boolean {
  return ticks < -180_000 || ticks > 900_000;
}
