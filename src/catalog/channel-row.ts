import type { CodecFacts } from '../model/codec-facts.ts';
import type { ChannelId, SourceId, StreamId } from '../model/ids.ts';
import type { Catchup, LiveItem, StreamLocator } from '../model/items.ts';
import type { RequestOverride } from '../model/upstream-request.ts';
import type { CatalogStream, Channel, ChannelFields, ChannelOverrides } from './contract.ts';
import type { Row } from './database.ts';
import { fold } from './fold.ts';
import { json, jsonOrNull, text } from './row.ts';

/** A live item as the catalogue keeps it: its id and locator have columns of their own. */
export type StoredLive = Omit<LiveItem, 'providerId' | 'locator'>;

/** Channels without a number come after all that have one. */
const noNumber = 1e15;

export function providerFields(item: StoredLive): ChannelFields {
  return {
    name: item.name,
    number: item.number ?? null,
    logo: item.logo ?? null,
    guideId: item.guideId ?? null,
    guideShiftMin: item.guideShiftMin ?? 0,
    groups: item.groups,
    hidden: false,
  };
}

export function effectiveFields(item: StoredLive, overrides: ChannelOverrides): ChannelFields {
  return { ...providerFields(item), ...overrides };
}

/** The number as a decimal: 2 before 2.1 before 10. */
export function numberSort(number: string | null): number {
  const value = number === null ? Number.NaN : Number.parseFloat(number);
  return Number.isFinite(value) && value < noNumber ? value : noNumber;
}

/** The columns by which channels are found and sorted. */
export function sortColumns(fields: ChannelFields): readonly [nameFold: string, numberSort: number, hidden: number] {
  return [fold(fields.name), numberSort(fields.number), fields.hidden ? 1 : 0];
}

export function streamOf(row: Row): CatalogStream {
  const request = jsonOrNull(row, 'request') as RequestOverride | null;
  const catchup = jsonOrNull(row, 'catchup') as Catchup | null;
  return {
    id: text(row, 'id') as StreamId,
    channelId: text(row, 'channel_id') as ChannelId,
    sourceId: text(row, 'source_id') as SourceId,
    locator: json(row, 'locator') as StreamLocator,
    codecs: jsonOrNull(row, 'codecs') as CodecFacts | null,
    ...(request === null ? {} : { request }),
    ...(catchup === null ? {} : { catchup }),
  };
}

export function channelOf(row: Row, streams: readonly CatalogStream[]): Channel {
  const item = json(row, 'provider') as StoredLive;
  const overrides = json(row, 'overrides') as ChannelOverrides;
  return {
    id: text(row, 'id') as ChannelId,
    sourceId: text(row, 'source_id') as SourceId,
    ...effectiveFields(item, overrides),
    adult: item.adult ?? false,
    radio: item.radio ?? false,
    catchup: item.catchup ?? streams.find(({ catchup }) => catchup !== undefined)?.catchup ?? null,
    guideName: item.guideName ?? null,
    streams,
    provider: providerFields(item),
    overrides,
  };
}
