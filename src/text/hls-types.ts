import type { HlsRange } from './hls-attributes.ts';

/** One line that says something: a tag with what stands behind its colon, or a URI. */
export type HlsLine =
  | { readonly tag: string; readonly value: string; readonly uri?: undefined }
  | { readonly uri: string; readonly tag?: undefined; readonly value?: undefined };

/** A version of the whole programme. */
export interface HlsVariant {
  readonly uri: string;
  /** Bits per second at the peak; 0 when it does not say. */
  readonly bandwidth: number;
  readonly averageBandwidth?: number;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  /** As written, split at commas. */
  readonly codecs: readonly string[];
  /** The group its sound is in; absent when it is muxed in. */
  readonly audio?: string;
}

/** Another rendition of a part, from `EXT-X-MEDIA`. */
export interface HlsRendition {
  readonly type: string;
  readonly group: string;
  readonly name: string;
  /** Absent: it is muxed into the variants. */
  readonly uri?: string;
  readonly language?: string;
  readonly isDefault: boolean;
  readonly autoSelect: boolean;
}

export interface HlsMaster {
  readonly kind: 'master';
  readonly variants: readonly HlsVariant[];
  readonly renditions: readonly HlsRendition[];
  readonly defined: ReadonlyMap<string, string>;
}

/** How segments are encrypted. A method other than AES-128 with the key itself at `uri` can not be undone here. */
export interface HlsKey {
  readonly method: string;
  readonly uri?: string;
  readonly keyFormat: string;
  /** Absent: the media sequence number. */
  readonly iv?: Buffer;
}

/** The initialization section of segments. */
export interface HlsMap {
  readonly uri: string;
  readonly range?: Required<HlsRange>;
  readonly key?: HlsKey;
}

export interface HlsSegment {
  readonly uri: string;
  readonly sequence: number;
  /** Counts up at each discontinuity. */
  readonly discontinuity: number;
  readonly durationMs: number;
  readonly range?: Required<HlsRange>;
  readonly key?: HlsKey;
  readonly map?: HlsMap;
  /** Unix milliseconds of its start; told, or counted on from a segment before. */
  readonly dateMs?: number;
  /** It is listed, but not there. */
  readonly isGap: boolean;
}

export interface HlsMedia {
  readonly kind: 'media';
  /** The longest a segment may last; taken from the segments when it is not said. */
  readonly targetMs: number;
  readonly sequence: number;
  readonly segments: readonly HlsSegment[];
  /** No segment will be added. */
  readonly isEnded: boolean;
  readonly isVod: boolean;
  /** Where to start: from the beginning, or from the end when negative. */
  readonly startMs?: number;
}
