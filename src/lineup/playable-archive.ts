import type { CatalogStream, Channel } from '../catalog/contract.ts';
import { CoaxError } from '../errors.ts';
import { type ArchiveWay, type ArchiveWindow, archiveDays, isArchived } from '../model/archive.ts';
import type { AccountId, SourceId } from '../model/ids.ts';
import type { Catchup } from '../model/items.ts';
import type { PlayableArchive } from '../model/playable.ts';
import type { StreamResolver } from '../sources/contract.ts';
import { withOverride } from '../sources/with-proxy.ts';

/** A time of a channel. Unix seconds; `title` is what lists show. */
export interface ArchiveTime {
  readonly startUnix: number;
  readonly endUnix: number;
  readonly nowUnix: number;
  readonly title: string;
}

interface Archived {
  readonly stream: CatalogStream;
  readonly catchup: Catchup;
  readonly resolver: StreamResolver;
}

/** The streams whose archive reaches back to the time, in the channel's order; those that do not say how far it reaches are believed. */
function archivedStreams(
  channel: Channel,
  time: ArchiveTime,
  resolverOf: (source: SourceId) => StreamResolver | undefined,
): readonly Archived[] {
  const all = channel.streams.flatMap((stream): Archived[] => {
    const catchup = stream.catchup ?? (channel.streams.length === 1 ? channel.catchup : null);
    const resolver = resolverOf(stream.sourceId);
    return catchup === null || resolver?.archive === undefined ? [] : [{ stream, catchup, resolver }];
  });
  if (all.length === 0) throw new CoaxError('NO_ARCHIVE', 'No provider keeps an archive of this channel');
  const reaching = all.filter(
    ({ catchup }) => catchup.days <= 0 || isArchived([catchup], time.startUnix, time.nowUnix),
  );
  if (reaching.length > 0) return reaching;
  const days = Math.max(...all.map(({ catchup }) => archiveDays(catchup)));
  throw new CoaxError('NO_ARCHIVE', `The archive of this channel reaches back ${days} days`);
}

/**
 * A time of a channel's archive, over all of its streams. Throws NOT_YET_ON for a time to come, and NO_ARCHIVE where no stream's archive
 * reaches back so far.
 */
export function playableArchive(
  channel: Channel,
  time: ArchiveTime,
  resolverOf: (source: SourceId) => StreamResolver | undefined,
): PlayableArchive {
  if (time.startUnix >= time.nowUnix) throw new CoaxError('NOT_YET_ON');
  const archived = archivedStreams(channel, time, resolverOf);
  const accounts = [...new Set(archived.flatMap(({ resolver }) => resolver.accounts.map(({ id }) => id)))];
  const has = (resolver: StreamResolver, account: AccountId): boolean =>
    resolver.accounts.some(({ id }) => id === account);
  const of = (account: AccountId): readonly Archived[] => archived.filter(({ resolver }) => has(resolver, account));
  const [first] = archived;
  return {
    rateKey: first?.stream.id ?? channel.id,
    file: {
      purpose: 'catchup',
      itemId: `${channel.id}@${time.startUnix}-${time.endUnix}`,
      channelId: channel.id,
      title: time.title,
      ext: 'ts',
      contentType: 'video/mp2t',
      sourceId: first?.stream.sourceId ?? channel.sourceId,
      accounts,
      // An archive goes on at the source it began with: another one cuts its pieces elsewhere.
      fileOf: (account) => `${channel.id}@${time.startUnix}-${time.endUnix} ${of(account)[0]?.stream.sourceId ?? ''}`,
      request: (account) => {
        const [own] = of(account);
        if (own === undefined) throw new CoaxError('NO_STREAM', 'The account does not serve this channel');
        return withOverride(own.resolver.resolve(own.stream.locator, account), own.stream.request);
      },
    },
    ways: (account: AccountId, window: ArchiveWindow): readonly ArchiveWay[] =>
      of(account).flatMap(({ stream, catchup, resolver }) =>
        (resolver.archive?.(stream.locator, catchup, account, window) ?? []).map((way) => ({
          ...way,
          request: withOverride(way.request, stream.request),
        })),
      ),
  };
}
