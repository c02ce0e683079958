/** What a stream carries, in ffprobe's codec names. A field that is not known is absent. */
export interface VideoFacts {
  readonly pid?: number;
  /** `h264`, `hevc`, `mpeg2video`, `mpeg1video`, `vc1`, `av1`. */
  readonly codec: string;
  /** ffprobe's spelling: `High`, `Main 10`, `Constrained Baseline`. */
  readonly profile?: string;
  /** ffprobe's integer: 40 is H.264 level 4.0, 120 is HEVC level 4.0. */
  readonly level?: number;
  readonly width?: number;
  readonly height?: number;
  /** Frames per second. */
  readonly frameRate?: number;
  readonly interlaced?: boolean;
  readonly bitDepth?: number;
  /** Sample aspect ratio as `num:den`. */
  readonly sampleAspect?: string;
  readonly refFrames?: number;
  /** Bits per second. */
  readonly bitRate?: number;
}

export interface AudioFacts {
  readonly pid?: number;
  /** `aac`, `aac_latm`, `ac3`, `eac3`, `mp2`, `mp3`, `dts`, `opus`. */
  readonly codec: string;
  readonly profile?: string;
  readonly channels?: number;
  /** Samples per second. */
  readonly sampleRate?: number;
  /** Bits per second. */
  readonly bitRate?: number;
  /** ISO 639-2, from the PMT. */
  readonly language?: string;
}

export interface SubtitleFacts {
  readonly pid?: number;
  /** `dvb_subtitle`, `dvb_teletext`. */
  readonly codec: string;
  readonly language?: string;
}

export interface CodecFacts {
  /** `mpegts`, `matroska`, `mp4`. */
  readonly container: string;
  readonly video: readonly VideoFacts[];
  readonly audio: readonly AudioFacts[];
  readonly subtitles: readonly SubtitleFacts[];
  /** Bits per second of the whole stream. */
  readonly bitRate?: number;
  /** When they were read, in Unix milliseconds. */
  readonly observedAt: number;
  /** Who said so: the transport stream itself, ffprobe, or the provider's API. */
  readonly by: 'stream' | 'ffprobe' | 'provider';
}
