const mostChars = 80;

/** Where an error page may repeat the request: addresses, paths with a login in them, named fields. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/[a-z][a-z0-9+.-]*:\/\/\S+/gi, '(address)'],
  [/\S*\/[^\s/]+\/\S*/g, '(path)'],
  [/(\b(?:user(?:name)?|pass(?:word)?|token|key|auth|mac|sn)\b["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi, '$1***'],
];

/** From this length on a run of letters and digits may be a login in base64. */
const longToken = /[A-Za-z0-9+/_-]{14,}={0,2}/g;

/** Words and hyphenated words are no tokens: those have digits, or small and capital letters mixed. */
function isToken(text: string): boolean {
  return /\d|=$/.test(text) || /[a-z][A-Z]/.test(text) || /[A-Z]{2}[a-z]/.test(text);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => {
    const encoded = encodeURIComponent(secret.toWellFormed());
    const json = JSON.stringify(secret).slice(1, -1);
    const html = escaped(secret);
    return [
      secret,
      encoded,
      encoded.replaceAll('%20', '+'),
      json,
      json.replaceAll('/', '\\/'),
      html,
      html.replaceAll("'", '&#039;'),
    ];
  });
  // The longest first: a part of one may be another.
  const all = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return all.reduce((rest, form) => rest.replaceAll(form, '***'), text);
}

/**
 * The text of a page without its markup; its title when it has no other. What is to be quoted needs `secrets` here already: a password
 * with `<` in it loses a part with the markup and is not found any more.
 */
export function pageText(bytes: Buffer, secrets: readonly string[] = []): string {
  const page = withoutSecrets(bytes.toString('utf8', 0, 8_192), secrets);
  const title = /<title[^>]*>([^<]+)/i.exec(page)?.[1] ?? '';
  const body = page.replace(/<(script|style|head)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ').replace(/<[^>]*(>|$)/g, ' ');
  return (body.trim() === '' ? title : body).replace(/&nbsp;/gi, ' ').replace(/&amp;/gi, '&');
}

/** What a text says to a person, in one line of at most 80 printable characters, without secrets. */
export function quoteText(whole: string, secrets: readonly string[] = []): string {
  let text = withoutSecrets(whole, secrets);
  for (const [shape, instead] of secretShapes) text = text.replace(shape, instead);
  text = text.replace(longToken, (token) => (isToken(token) ? '(token)' : token));
  const line = text
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  const chars = Array.from(line);
  return chars.length <= mostChars ? line : `${chars.slice(0, mostChars - 1).join('')}…`;
}
