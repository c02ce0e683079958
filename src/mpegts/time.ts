/** Ticks a second of PTS and DTS. */
export const ptsHz = 90_000;
/** Ticks a second of PCR. */
export const pcrHz = 27_000_000;
/** PTS and DTS count modulo 2^33: once around takes 26.5 hours. */
export const ptsWrap = 2 ** 33;
/** PCR counts modulo 2^33 * 300. */
export const pcrWrap = ptsWrap * 300;

/** Any whole number of PTS ticks, negative ones too, brought into 0..2^33-1. */
export function wrapPts(ticks: number): number {
  const rest = ticks % ptsWrap;
  return rest < 0 ? rest + ptsWrap : rest;
}

/** Any whole number of PCR ticks, negative ones too, brought into its range. */
export function wrapPcr(ticks: number): number {
  const rest = ticks % pcrWrap;
  return rest < 0 ? rest + pcrWrap : rest;
}

/** `later - earlier` in PTS ticks along the shorter way round: -2^32 .. 2^32-1. */
export function ptsDifference(later: number, earlier: number): number {
  const forward = wrapPts(later - earlier);
  return forward >= ptsWrap / 2 ? forward - ptsWrap : forward;
}

/** `later - earlier` in PCR ticks along the shorter way round. */
export function pcrDifference(later: number, earlier: number): number {
  const forward = wrapPcr(later - earlier);
  return forward >= pcrWrap / 2 ? forward - pcrWrap : forward;
}
