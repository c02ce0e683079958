import type { GuideId } from '../../model/ids.ts';
import type { Reject } from '../../model/items.ts';
import type { Programme } from '../../model/programme.ts';
import { asList, asObject, asText } from '../lenient.ts';
import { asName, asProse, base64OrPlain } from '../lenient-text.ts';
import { asEpoch } from '../lenient-time.ts';
import { notAnObject, present } from './decoded.ts';

/** 2000-01-01 and 2100-01-01: what lies outside is an error of the panel's clock, not a programme. */
const earliest = 946_684_800;
const latest = 4_102_444_800;

const inRange = (unix: number | undefined): number | undefined =>
  unix !== undefined && unix >= earliest && unix < latest ? unix : undefined;

function decodeListing(value: unknown, guideId: GuideId, zone: string | undefined): Programme | string {
  const entry = asObject(value);
  if (entry === undefined) return notAnObject(value);
  // The texts are in the panel's own zone, and some panels lie about it: the stamps count first.
  const startUnix = inRange(asEpoch(entry['start_timestamp'])) ?? inRange(asEpoch(entry['start'], zone));
  const stopUnix =
    inRange(asEpoch(entry['stop_timestamp'])) ??
    inRange(asEpoch(entry['end'], zone)) ??
    inRange(asEpoch(entry['stop'], zone));
  if (startUnix === undefined) return 'has no start that can be read';
  if (stopUnix === undefined) return 'has no end that can be read';
  if (stopUnix <= startUnix) return 'ends before it starts';
  const title = asName(base64OrPlain(entry['title']));
  if (title === undefined) return 'has no title';
  const language = asText(entry['lang']);
  return {
    guideId,
    startUnix,
    stopUnix,
    title,
    ...present({
      description: asProse(base64OrPlain(entry['description'])),
      language: language !== undefined && /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?$/.test(language) ? language : undefined,
    }),
  };
}

/**
 * Decodes the answer to `get_simple_data_table` or `get_short_epg` for one channel. The answer may be `[]` for "nothing". `zone` is the
 * panel's, for the listings whose times come as text only.
 */
export function decodeListings(
  answer: unknown,
  guideId: GuideId,
  zone?: string,
): { readonly items: readonly Programme[]; readonly rejects: readonly Reject[] } {
  const items = new Map<number, Programme>();
  const rejects: Reject[] = [];
  for (const [index, value] of asList(asObject(answer)?.['epg_listings']).entries()) {
    const decoded = decodeListing(value, guideId, zone);
    if (typeof decoded === 'string') rejects.push({ what: 'programme', at: index + 1, reason: decoded });
    else if (!items.has(decoded.startUnix)) items.set(decoded.startUnix, decoded);
  }
  return { items: [...items.values()].sort((a, b) => a.startUnix - b.startUnix), rejects };
}
