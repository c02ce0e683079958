import type { LiveItem } from '../../model/items.ts';
import { asBool, asId, asInteger, asNumber, asObject, asPicture, asText } from '../lenient.ts';
import { asName } from '../lenient-text.ts';
import { asEpoch } from '../lenient-time.ts';
import { type Categories, type Decoded, directOf, groupsOf, notAnObject, present } from './decoded.ts';

/** Numbers are no identities: they come twice, as 0 and as `""`. What is no positive number is no number. */
function numberOf(value: unknown): string | undefined {
  const number = asNumber(value);
  return number !== undefined && number > 0 && number < 1e7 ? String(number) : undefined;
}

/** Decodes one entry of `get_live_streams`. Only the id is required. */
export function decodeLive(value: unknown, categories: Categories, askedBy?: string): Decoded<LiveItem> {
  const entry = asObject(value);
  if (entry === undefined) return { reason: notAnObject(value) };
  const id = asId(entry['stream_id']);
  if (id === undefined) return { reason: 'has no stream_id' };
  const archiveDays = Math.max(0, asInteger(entry['tv_archive_duration']) ?? 0);
  const customSid = asText(entry['custom_sid']);
  const direct = directOf(entry);
  return {
    item: {
      providerId: id,
      name: asName(entry['name']) ?? `Stream ${id}`,
      groups: groupsOf(entry, categories, askedBy),
      locator: { kind: 'xtream', type: 'live', id, ext: 'ts', ...(direct === undefined ? {} : { direct }) },
      ...present({
        number: numberOf(entry['num']),
        logo: asPicture(entry['stream_icon']),
        guideId: asId(entry['epg_channel_id']),
        adult: asBool(entry['is_adult']),
        radio: /^radio/i.test(asText(entry['stream_type']) ?? '') ? true : undefined,
        catchup: asBool(entry['tv_archive']) === true ? { type: 'xc', days: archiveDays } : undefined,
        addedUnix: asEpoch(entry['added']),
        extra: customSid === undefined ? undefined : { custom_sid: customSid },
      }),
    },
  };
}
