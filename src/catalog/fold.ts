const plain = /^[\x20-\x7e]*$/;

/** How names are compared and searched: without case, accents and repeated white space. */
export function fold(text: string): string {
  const stripped = plain.test(text) ? text : text.normalize('NFKD').replace(/\p{M}+/gu, '');
  return stripped.toLowerCase().replace(/\s+/g, ' ').trim();
}
