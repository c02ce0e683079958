import type { Episode, Movie } from '../catalog/contract.ts';
import { CoaxError } from '../errors.ts';
import type { AccountId, SourceId } from '../model/ids.ts';
import type { PlayableFile } from '../model/playable.ts';
import type { StreamResolver } from '../sources/contract.ts';

/**
 * A movie or episode over all accounts that have it: those of its own source first, then those of `akin`, entries of other sources that
 * are the same film. Null when no source of it is there.
 */
export function playableFile(
  item: Movie | Episode,
  akin: readonly Movie[],
  resolverOf: (source: SourceId) => StreamResolver | undefined,
): PlayableFile | null {
  const places = new Map<AccountId, { readonly item: Movie | Episode; readonly resolver: StreamResolver }>();
  for (const one of [item, ...akin]) {
    const resolver = resolverOf(one.sourceId);
    for (const { id } of resolver?.accounts ?? [])
      if (resolver !== undefined && !places.has(id)) places.set(id, { item: one, resolver });
  }
  const own = resolverOf(item.sourceId);
  // A film made here belongs to no account.
  if (places.size === 0 && own === undefined) return null;
  const { contentType = '', sizeBytes } = item.file;
  return {
    itemId: item.id,
    title: item.title,
    ext: item.ext,
    contentType,
    sourceId: item.sourceId,
    accounts: [...places.keys()],
    fileOf: (account) => places.get(account)?.item.id ?? item.id,
    ...(sizeBytes === undefined ? {} : { knownSize: sizeBytes }),
    request: (account) => {
      const place = places.get(account) ?? (own === undefined ? undefined : { item, resolver: own });
      if (place === undefined) throw new CoaxError('NO_STREAM', 'The account does not have this file');
      return place.resolver.resolve(place.item.locator, account);
    },
  };
}
