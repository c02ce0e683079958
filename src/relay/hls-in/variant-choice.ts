import type { Settings } from '../../config/schema.ts';
import type { HlsMaster, HlsRendition, HlsVariant } from '../../text/hls-types.ts';

/** Which version of a programme is taken. */
export interface HlsPolicy {
  readonly quality: 'best' | 'worst';
  /** Lines of the picture; 0 is no limit. */
  readonly maxHeight: number;
  /** Bits per second; 0 is no limit. */
  readonly maxBandwidth: number;
}

export const anyVariant: HlsPolicy = { quality: 'best', maxHeight: 0, maxBandwidth: 0 };

/** What the settings say. */
export function hlsPolicy({
  hlsVariant,
  hlsMaxHeight,
  hlsMaxKbps,
}: Pick<Settings['live'], 'hlsVariant' | 'hlsMaxHeight' | 'hlsMaxKbps'>): HlsPolicy {
  return { quality: hlsVariant, maxHeight: hlsMaxHeight, maxBandwidth: hlsMaxKbps * 1_000 };
}

export interface HlsChoice {
  readonly variant: HlsVariant;
  /** Its sound, where that is in a playlist of its own. */
  readonly audio?: HlsRendition;
}

/** What a transport stream carries (ISO 13818-1 table 2-34); anything that is not named is believed to be fine. */
const uncarried = /^(?:av01|vp0?[89]|dav1|mp4v)/i;
const pictures = /^(?:avc|hvc|hev|dv[ah]|mp4v|av01|dav1|vp0?[89]|vvc|mp2v)/i;

/**
 * Variants in the order in which they are to be tried: within the limits by quality, then those beyond them, smallest first. Variants
 * without a picture come last where others have one, and what a transport stream can not carry comes behind all.
 */
export function orderVariants(master: HlsMaster, policy: HlsPolicy): HlsChoice[] {
  const hasPictures = master.variants.some(showsPicture);
  const ranked = master.variants.map((variant) => ({
    variant,
    odd:
      (variant.codecs.some((codec) => uncarried.test(codec)) ? 2 : 0) + (hasPictures && !showsPicture(variant) ? 1 : 0),
    within: isWithin(variant, policy),
  }));
  ranked.sort((one, other) => {
    if (one.odd !== other.odd) return one.odd - other.odd;
    if (one.within !== other.within) return one.within ? -1 : 1;
    const bigger = one.within && policy.quality === 'best' ? -1 : 1;
    return bigger * compareSize(one.variant, other.variant);
  });
  return ranked.map(({ variant }) => withSound(variant, master.renditions));
}

function showsPicture({ codecs, height }: HlsVariant): boolean {
  return height !== undefined || codecs.length === 0 || codecs.some((codec) => pictures.test(codec));
}

function isWithin({ height, bandwidth }: HlsVariant, { maxHeight, maxBandwidth }: HlsPolicy): boolean {
  return (maxHeight === 0 || (height ?? 0) <= maxHeight) && (maxBandwidth === 0 || bandwidth <= maxBandwidth);
}

function compareSize(one: HlsVariant, other: HlsVariant): number {
  return one.bandwidth - other.bandwidth || (one.height ?? 0) - (other.height ?? 0);
}

/** The default rendition of the variant's group; else one that may be chosen by itself, else the first. */
function withSound(variant: HlsVariant, renditions: readonly HlsRendition[]): HlsChoice {
  const group = renditions.filter((each) => each.type === 'AUDIO' && each.group === variant.audio);
  const audio = group.find(({ isDefault }) => isDefault) ?? group.find(({ autoSelect }) => autoSelect) ?? group[0];
  // Without an address it is in the variant itself; so it is where the group has the variant's own playlist.
  return audio?.uri === undefined || audio.uri === variant.uri ? { variant } : { variant, audio };
}
