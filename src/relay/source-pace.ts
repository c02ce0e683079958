import type { CodecFacts } from '../model/codec-facts.ts';
import type { SourceId } from '../model/ids.ts';
import type { PlayableChannel } from './contract.ts';

/** What comes in this time after the first byte is compared with what comes at the pace of the channel afterwards. */
const burstMs = 1_000;
const paceMs = 8_000;
/** A provider that has this much more at the beginning lets a media server begin at once. */
const backlogMs = 2_000;

/** Which sources send a channel at its own pace from the first byte on, so that a media server waits seconds for its first segment. */
export class SourcePace {
  readonly #slow = new Map<SourceId, boolean>();

  /** Null says nothing. */
  note(source: SourceId | undefined, slow: boolean | null): void {
    if (source !== undefined && slow !== null) this.#slow.set(source, slow);
  }

  /** True when the source of the channel's first stream is known to send no backlog. */
  isSlow({ streams }: PlayableChannel): boolean {
    const source = streams[0]?.sourceId;
    return source !== undefined && this.#slow.get(source) === true;
  }
}

/** Measures one connection; call `sample` about once a second. */
export class PaceMeter {
  #sinceMs: number | null = null;
  #from = 0;
  #burst: number | null = null;
  #told = false;

  /** The first byte of a connection has come. */
  began(bytes: number, nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#from = bytes;
    this.#burst = null;
    this.#told = false;
  }

  /** `bytes` received so far, in all. Returns once, when it is known, whether no backlog came. */
  sample(bytes: number, nowMs: number): boolean | null {
    const since = this.#sinceMs;
    if (since === null || this.#told) return null;
    const ranMs = nowMs - since;
    if (this.#burst === null) {
      if (ranMs < burstMs) return null;
      this.#burst = bytes - this.#from;
      this.#from = bytes;
      this.#sinceMs = nowMs;
      return null;
    }
    if (ranMs < paceMs) return null;
    this.#told = true;
    const bytesPerMs = (bytes - this.#from) / ranMs;
    return bytesPerMs > 0 && this.#burst / bytesPerMs - burstMs < backlogMs;
  }
}

/** The sizes that there are pictures of. */
const sizes = new Set(['1920x1080', '1280x720', '720x576']);

/**
 * Whether a slate can go over into the channel with the same picture size and sound. Not HEVC: where a media server packs it into fMP4, its
 * parameter sets stand only at the beginning, and those of the slate would be the wrong ones.
 */
export function mayLeadIn(facts: CodecFacts | null): boolean {
  const video = facts?.video[0];
  const audio = facts?.audio[0];
  if (facts?.container !== 'mpegts' || video === undefined || audio === undefined) return false;
  const { codec, width, height, interlaced } = video;
  const picture = codec === 'h264' && interlaced !== true && sizes.has(`${width}x${height}`);
  return picture && audio.sampleRate === 48_000 && audio.channels === 2 && audio.profile?.startsWith('HE-AAC') !== true;
}
