/** What the header of one audio frame tells. */
export interface AudioFrame {
  /** ffprobe's codec name. */
  readonly codec: string;
  readonly profile?: string;
  readonly channels?: number;
  readonly sampleRate: number;
  /** Bits per second, when the header says so. */
  readonly bitRate?: number;
  /** Bytes of the frame, header included. */
  readonly length: number;
  /** Samples per channel. */
  readonly samples: number;
  /** The header leaves open what a decoder would find, such as implicit SBR. */
  readonly unsure?: boolean;
}

/** Reads the frame header at `at`, or null when none starts there. */
export type AudioFrameReader = (bytes: Buffer, at: number) => AudioFrame | null;
