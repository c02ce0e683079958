import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import type { OutputConfig } from '../../config/schema.ts';
import type { RedirectWish } from '../../accounts/redirects.ts';
import type { AccountId, OutputId } from '../../model/ids.ts';
import type { PlayableArchive, PlayableFile } from '../../model/playable.ts';
import type { ArchiveWindow } from '../../model/archive.ts';
import type { UpstreamRequest } from '../../model/upstream-request.ts';
import { defaultUserAgent } from '../../sources/request-headers.ts';
import { isGetPhp } from '../../sources/xtream/url.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';

/** What may be sent away: where it is on an account, and what it is called. */
interface Target extends Omit<RedirectWish, 'viewer' | 'outputId' | 'signal'> {
  readonly address: (account: AccountId) => string | null;
}

/** Sends the player of a channel to the provider, where its source says so. False when it is to be relayed. */
export function redirectChannel(
  request: Request,
  response: Response,
  { channel, output }: { readonly channel: Channel; readonly output: OutputConfig },
  services: Services,
): Promise<boolean> {
  const [stream] = services.lineup.playableChannel(channel).streams;
  // A recorder wants failover, and a profile is work for Coax.
  const relayed = request.query['purpose'] === 'recording' || !['', 'copy'].includes(output.profile);
  if (stream === undefined || relayed) return Promise.resolve(false);
  const { streamId, sourceId, accounts } = stream;
  const subject = channel.id;
  const address = (account: AccountId): string | null => plainAddress(stream.request(account));
  const target = { title: channel.name, subject, channelId: channel.id, streamId, sourceId, accounts, address };
  return send(request, response, output, { kind: 'live', ...target }, services);
}

/** The same for a movie or an episode. */
export function redirectFile(
  request: Request,
  response: Response,
  { file, output }: { readonly file: PlayableFile; readonly output: OutputConfig },
  services: Services,
): Promise<boolean> {
  const { itemId, title, sourceId, accounts } = file;
  const address = (account: AccountId): string | null => plainAddress(file.request(account));
  const target = { title, subject: itemId, itemId, sourceId, accounts, address };
  return send(request, response, output, { kind: 'vod', ...target }, services);
}

/** The same for a time of an archive: in the form of address that is most likely right, as nobody looks at the answer. */
export function redirectArchive(
  request: Request,
  response: Response,
  wish: { readonly archive: PlayableArchive; readonly window: ArchiveWindow; readonly output: OutputConfig },
  services: Services,
): Promise<boolean> {
  const { file } = wish.archive;
  const { itemId, channelId, title, sourceId, accounts } = file;
  const address = (account: AccountId): string | null => {
    const [way] = wish.archive.ways(account, wish.window);
    return way === undefined ? null : plainAddress(way.request);
  };
  const target = { title, subject: itemId, itemId, sourceId, accounts, address };
  const where = channelId === undefined ? {} : { channelId };
  return send(request, response, wish.output, { kind: 'catchup', ...target, ...where }, services);
}

/** The address, where a player can open it as it is: over HTTP, without a proxy, cookies, headers or a user agent of its own. */
function plainAddress(request: UpstreamRequest): string | null {
  if (request.kind !== 'http' || request.proxy !== undefined) return null;
  const needed = Object.entries(request.headers).some(
    ([name, value]) => name !== 'user-agent' || value !== defaultUserAgent,
  );
  // Playlists hold blanks and letters that no header may.
  return needed ? null : (URL.parse(request.urls[0] ?? '')?.href ?? null);
}

async function send(
  request: Request,
  response: Response,
  output: OutputConfig,
  { address, ...target }: Target,
  { config, redirects, accounts }: Services,
): Promise<boolean> {
  const source = config.current.sources.find(({ id }) => id === target.sourceId);
  if (source?.delivery !== 'redirect') return false;
  // Where nobody says what is counted, a limit could not be kept.
  const counts = source.kind === 'xtream' || isGetPhp(source.url);
  // The same film may be on accounts of other sources, which have their own setting.
  const own = accounts().filter(({ sourceId, limit }) => sourceId === source.id && (counts || limit === null));
  const ids = new Set(own.map(({ id }) => id));
  const usable = target.accounts.filter((id) => ids.has(id) && safely(address, id) !== null);
  if (usable.length === 0) return false;
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const viewer = viewerOf(request, request.query, output.token);
  const account = await redirects.open({
    ...target,
    accounts: usable,
    viewer,
    outputId: output.id as OutputId,
    signal: gone.signal,
  });
  const location = safely(address, account);
  if (location === null || response.destroyed) return response.destroyed;
  // The address holds the login: nothing on the way may keep it.
  response.set({ 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*', Location: location });
  response.status(302).end();
  return true;
}

function safely(address: (account: AccountId) => string | null, account: AccountId): string | null {
  try {
    return address(account);
  } catch {
    return null;
  }
}
