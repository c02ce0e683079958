import { createHash } from 'node:crypto';

const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** A logo for a channel that has none, or whose logo can't be had: its initials on a colour of its own. The same name gives the same bytes. */
export function placeholderLogo(name: string): string {
  const words = name
    .replace(/[^\p{L}\p{N} ]/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const initials = (
    words.length > 1
      ? words
          .slice(0, 3)
          .map((word) => [...word][0])
          .join('')
      : [...(words[0] ?? '?')].slice(0, 3).join('')
  ).toUpperCase();
  const hue = (createHash('sha256').update(name).digest().readUInt16BE(0) * 360) >> 16;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256">',
    `<rect width="256" height="256" rx="32" fill="hsl(${hue} 45% 32%)"/>`,
    `<text x="128" y="128" dy=".36em" text-anchor="middle" font-family="sans-serif" font-weight="600" font-size="${initials.length > 2 ? 84 : 108}" fill="#fff">${escapeXml(initials)}</text>`,
    '</svg>',
  ].join('');
}
