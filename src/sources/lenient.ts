/**
 * Decoders for what panels really send: numbers as texts, `"N/A"` for a number, `[]` for an object, an object for a list. None of them
 * throws; what can not be read is `undefined` (or an empty list), so that one odd field never costs an item.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** An object, or undefined for everything else: an array where an object belongs is PHP's empty object. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** A finite number, also from a text; `"N/A"`, `""`, null and the rest are undefined. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (!numberText.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A whole number within the safe range; fractions are cut off. */
export function asInteger(value: unknown): number | undefined {
  const number = asNumber(value);
  if (number === undefined) return undefined;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole + 0 : undefined;
}

const noText = /^(?:|null|undefined|n\/a|none)$/i;

/** An id as text, so that ids wider than 32 or 53 bits stay whole when the panel quotes them. */
export function asId(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const id = value.trim();
  return noText.test(id) || id.length > 200 ? undefined : id;
}

const yes = /^(?:1|true|yes|on)$/i;
const no = /^(?:0|false|no|off)$/i;

/** A yes or no written as `1`, `"1"`, `true`, `"true"` and the like. */
export function asBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (yes.test(text)) return true;
  return no.test(text) ? false : undefined;
}

/** A text that says something: trimmed, and undefined when empty. Numbers become text. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

/** A list. A single object is a list of one (panels drop the brackets), null and `""` are empty. */
export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? [value] : [];
}

/** Texts of a list, or of a single text. */
export function asTexts(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map(asText).filter((text) => text !== undefined);
}

/** Ids of a list, of one id, or of a text like `12,13` or `[12,13]`. Each occurs once; 0 is no category. */
export function asIds(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? value.replace(/^\s*\[|\]\s*$/g, '').split(',') : asArrayOrOne(value);
  const ids = list
    .map((entry) => asId(typeof entry === 'string' ? entry.replaceAll('"', '') : entry))
    .filter((id) => id !== undefined && id !== '0');
  return [...new Set(ids as string[])];
}

function asArrayOrOne(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return asObject(value) ? Object.values(value as object) : [value];
}

/** Words of a list, or of a text with commas: `allowed_output_formats`. */
export function asWords(value: unknown): readonly string[] {
  const words = asTexts(value).flatMap((text) => text.split(/[,;\s]+/));
  return [...new Set(words.map((word) => word.toLowerCase()).filter((word) => word !== ''))];
}

/** An http(s) address of a picture; `//host/...` is taken as http. Anything else (`n/a`, `data:`, paths) is no picture. */
export function asPicture(value: unknown): string | undefined {
  const text = asTexts(value)[0]?.replace(/^\/\/(?=[^/])/, 'http://');
  if (text === undefined || text.length > 2_000 || !/^https?:\/\/[^\s/]/i.test(text)) return undefined;
  return URL.canParse(text) ? text : undefined;
}

/** A file extension without its dot, or undefined where it could not stand in a path. */
export function asExtension(value: unknown): string | undefined {
  const text = asText(value)?.replace(/^\.+/, '').toLowerCase();
  return text !== undefined && /^[a-z0-9]{1,8}$/.test(text) ? text : undefined;
}

/** A rating from 0 to 10; 0 is "not rated". */
export function asRating(value: unknown): number | undefined {
  const text = typeof value === 'string' ? value.trim().replace(',', '.').replace(/\/10$/, '') : value;
  const rating = asNumber(text);
  return rating !== undefined && rating > 0 && rating <= 10 ? rating : undefined;
}
