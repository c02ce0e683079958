import { type JsonObject, asId, asIds, asList, asObject, asText } from '../lenient.ts';
import { asName } from '../lenient-text.ts';

/** An item, or in words why there is none. The words quote nothing of the provider's. */
export type Decoded<Item> = { readonly item: Item } | { readonly reason: string };

/** Names of categories by their id. */
export type Categories = ReadonlyMap<string, string>;

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`;

/** The reason for an entry that is no object. */
export const notAnObject = (value: unknown): string => `is ${kindOf(value)} where an object belongs`;

/** Reads the answer to a `get_..._categories`: entries without an id or a name are left out. */
export function decodeCategories(answer: unknown): Categories {
  const names = new Map<string, string>();
  for (const entry of asList(answer)) {
    const category = asObject(entry);
    const id = asId(category?.['category_id']);
    const name = asName(category?.['category_name']);
    if (id !== undefined && name !== undefined && !names.has(id)) names.set(id, name);
  }
  return names;
}

/**
 * The groups of an item. Membership is a set: `category_id` and `category_ids` (a list, a number or `12,13`) count alike, and so does the
 * category the item was asked by. Ids without a name give no group, unless the item names it itself.
 */
export function groupsOf(item: JsonObject, categories: Categories, askedBy?: string): readonly string[] {
  const ids = new Set([...asIds(item['category_id']), ...asIds(item['category_ids'])]);
  if (askedBy !== undefined) ids.add(askedBy);
  const names = [...ids].map((id) => categories.get(id)).filter((name) => name !== undefined);
  if (names.length > 0) return [...new Set(names)];
  const own = asName(item['category_name']);
  return own === undefined ? [] : [own];
}

/** A provider's number of a film at TMDB. */
export function tmdbIdOf(item: JsonObject): string | undefined {
  const id = asId(item['tmdb_id']) ?? asId(item['tmdb']);
  return id !== undefined && /^[1-9]\d{0,9}$/.test(id) ? id : undefined;
}

/** The year at the end of a title, `Heat (1995)`. */
export function yearOfTitle(title: string): number | undefined {
  const year = Number(/[([](\d{4})[)\]]\s*$/.exec(title)?.[1]);
  return year >= 1880 && year <= 2100 ? year : undefined;
}

/** A direct address that can be asked over HTTP. */
export function directOf(item: JsonObject): string | undefined {
  const text = asText(item['direct_source']);
  return text !== undefined && /^https?:\/\/[^\s/]+/i.test(text) && URL.canParse(text) ? text : undefined;
}

/** Drops the keys whose value is undefined, so that optional fields are absent. */
export function present<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
