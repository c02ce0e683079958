const mostChars = 80;

/** Where an error page may repeat the request: addresses, paths with a login in them, named fields. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/[a-z][a-z0-9+.-]*:\/\/\S+/gi, '(address)'],
  [/\S*\/[^\s/]+\/\S*/g, '(path)'],
  [/(\b(?:user(?:name)?|pass(?:word)?|token|key|auth|mac|sn)\b["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi, '$1***'],
];

/** The text of a page without its markup; its title when it has no other. */
export function pageText(bytes: Buffer): string {
  const page = bytes.toString('utf8', 0, 8_192);
  const title = /<title[^>]*>([^<]+)/i.exec(page)?.[1] ?? '';
  const body = page.replace(/<(script|style|head)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ').replace(/<[^>]*(>|$)/g, ' ');
  return (body.trim() === '' ? title : body).replace(/&nbsp;/gi, ' ').replace(/&amp;/gi, '&');
}

/** What a text says to a person, in one line of at most 80 printable characters, without secrets. */
export function quoteText(whole: string, secrets: readonly string[] = []): string {
  let text = whole;
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret)]) if (form !== '') text = text.replaceAll(form, '***');
  }
  for (const [shape, instead] of secretShapes) text = text.replace(shape, instead);
  const line = text
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  const chars = Array.from(line);
  return chars.length <= mostChars ? line : `${chars.slice(0, mostChars - 1).join('')}…`;
}
