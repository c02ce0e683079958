/** How the samples of a track become an elementary stream. */
export type SampleCodec =
  | {
      readonly name: 'h264' | 'hevc';
      /** Bytes of the length before each NAL unit: 1, 2 or 4. */
      readonly lengthSize: number;
      /** With start codes; empty when they only come in band. */
      readonly parameterSets: Buffer;
    }
  | { readonly name: 'aac'; readonly adts: AdtsConfig }
  | { readonly name: 'mp3' | 'ac3' | 'eac3' };

/** What an ADTS header says of every frame. */
export interface AdtsConfig {
  /** Audio object type less one: 0..3. */
  readonly profile: number;
  readonly rateIndex: number;
  readonly channels: number;
}

/** A sample entry: a codec, or why it can not be carried on. */
export type SampleEntry =
  | { readonly codec: SampleCodec }
  | { readonly refused: 'encrypted' | 'unsupported'; readonly format: string };

export interface SampleDefaults {
  readonly entry: number;
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** A track of a moov. Times are in its own scale. */
export interface Track {
  readonly id: number;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  /** What an edit list takes away from every time; negative when it delays. */
  readonly shift: number;
  /** ISO 639-2 code. */
  readonly language?: string;
  /** By sample description index, which counts from 1. */
  readonly entries: readonly SampleEntry[];
  readonly defaults: SampleDefaults;
}

/** Where a sample lies, and when it plays. */
export interface SamplePlace {
  readonly trackId: number;
  /** Byte behind the start of the moof. */
  readonly offset: number;
  readonly size: number;
  /** In the track's time scale, the edit list applied. */
  readonly dts: number;
  readonly pts: number;
  /** It says that it decodes by itself. */
  readonly isSync: boolean;
  readonly entry: number;
}
