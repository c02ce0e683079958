/** A rating such as `7.5/10`, `3/4 stars`, `8`, `85%` on a scale of 0 to 10, with one decimal; null when it says nothing. */
export function starsOf(written: string | undefined): number | null {
  if (written === undefined) return null;
  const match = /(\d{1,3}(?:[.,]\d{1,3})?)\s*(?:(%)|(?:\/|of|out of|von|sur|de)\s*(\d{1,3}(?:[.,]\d{1,3})?))?/i.exec(
    written.slice(0, 60),
  );
  if (match === null) return null;
  const number = (text: string | undefined): number => Number((text ?? '').replace(',', '.'));
  const value = number(match[1]);
  const scale = match[2] === '%' ? 100 : match[3] === undefined ? 10 : number(match[3]);
  const stars = Math.round((value / scale) * 100) / 10;
  // Guides write 0 for what nobody has rated.
  return Number.isFinite(stars) && stars > 0 && stars <= 10 ? stars : null;
}
