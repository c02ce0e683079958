/** Shorter secrets are only hidden where a URL or a field name shows them: hiding every "u" would leave no log. */
const shortestSecret = 4;
const mask = '***';

/** Where credentials stand by shape, whether or not they are known: userinfo, Xtream paths, telling query keys and fields, tokens of outputs, ids of streams. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@?#"']+@/gi, `$1${mask}@`],
  [/(\/(?:live|movie|series|timeshift|hls|play)\/)[^\s/?#"']+\/[^\s/?#"']+(\/|(?=\s|$))/gi, `$1${mask}/${mask}$2`],
  [
    /([?&;](?:user(?:name)?|pass(?:word)?|pwd|token|auth|key|apikey|api_key|access_token|sig|signature|hash|mac|sn|wmsAuthSign)=)[^&\s#"']*/gi,
    `$1${mask}`,
  ],
  [
    /((?:authorization|proxy-authorization|cookie|set-cookie|x-emby-token|x-api-key)"?\s*[:=]\s*"?)(?:(?:bearer|basic)\s+)?[^\s",;]+/gi,
    `$1${mask}`,
  ],
  [/("(?:password|passwd|token|secret|apiKey)"\s*:\s*")[^"]*/gi, `$1${mask}`],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi, `$1 ${mask}`],
  [/(\/o\/)[^\s/?#"']+/g, `$1${mask}`],
  [/(\/s\/)[0-9a-f]{32}\b/g, `$1${mask}`],
];

const escapeForRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** The ways in which one secret can stand in a text. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const encoded = encodeURIComponent(secret);
  const strict = encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const everyByte = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  const forms = [
    secret,
    encoded,
    strict,
    encoded.replaceAll('%20', '+'),
    everyByte,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(encoded),
  ];
  // A secret inside a longer base64 text starts at one of three bit offsets; the part that is the same in all of them is kept.
  for (let lead = 0; lead < 3; lead += 1) {
    const text = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const stable = text.slice(lead === 0 ? 0 : lead + 1, bytes.length % 3 === (3 - lead) % 3 ? undefined : -1);
    if (stable.length >= 6) forms.push(stable, stable.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

/** Hides secrets in texts and values. One instance serves every sink, so that what is added is hidden everywhere from then on. */
export class Redactor {
  readonly #known = new Map<string, Set<string>>();
  #pattern: RegExp | undefined;

  /** Replaces the secrets of one owner (a source, the outputs, the admin token). Secrets of other owners stay. */
  setSecrets(owner: string, secrets: Iterable<string>): void {
    this.#known.set(owner, new Set([...secrets].filter((secret) => secret.length >= shortestSecret)));
    const forms = new Set([...this.#known.values()].flatMap((set) => [...set].flatMap(formsOf)));
    const longestFirst = [...forms].sort((a, b) => b.length - a.length).map(escapeForRegExp);
    this.#pattern = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.join('|'), 'gi');
  }

  /** `text` with every known secret, and everything shaped like one, replaced by `***`. */
  text(text: string): string {
    let result = this.#pattern === undefined ? text : text.replace(this.#pattern, mask);
    for (const [shape, replacement] of shapes) result = result.replace(shape, replacement);
    return result;
  }

  /** A copy of any value that is safe to write: strings redacted, errors unfolded, depth and size bounded. */
  value(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value.length > 4_000 ? `${value.slice(0, 4_000)}…` : value);
    if (typeof value === 'bigint') return value.toString();
    if (value === null || typeof value !== 'object') return typeof value === 'function' ? '[function]' : value;
    if (depth > 5) return '[…]';
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof URL) return this.text(value.href);
    if (value instanceof Date) return value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.slice(0, 100).map((item) => this.value(item, depth + 1));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value).slice(0, 100)) {
      if (item === undefined) continue;
      copy[key] =
        /^(password|passwd|pass|token|secret|authorization|cookie|apikey)$/i.test(key) && item
          ? mask
          : this.value(item, depth + 1);
    }
    return copy;
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
    const cause = error.cause === undefined ? {} : { cause: this.value(error.cause, depth + 1) };
    return {
      name: error.name,
      ...code,
      message: this.text(error.message),
      stack: this.text(error.stack ?? ''),
      ...cause,
    };
  }
}
