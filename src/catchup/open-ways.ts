import type { Lease } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { ArchiveWay } from '../model/archive.ts';
import type { AccountId } from '../model/ids.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import { capacityOfError } from '../sources/media-answer.ts';
import { openMedia, type OpenedMedia } from '../sources/media-client.ts';
import { findContainer, type MediaContainer } from '../sources/media-container.ts';
import { judgeMedia, peekBody } from '../sources/media-peek.ts';
import { secretsOf } from '../vod/open-range.ts';
import { NotHere, ProviderRefusal, readStart } from '../vod/upstream-range.ts';
import type { KnownWays } from './known-ways.ts';
import { type ClockLook, firstPcr, isOneLiveStream } from './live-check.ts';

/** Enough to see what kind of media it is, and for its first clock reading. */
const lookBytes = 640;
const clockBytes = 262_144;
const clockMs = 2_500;

export interface OpenWaysOptions {
  readonly account: AccountId;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** A `Range` header. */
  readonly range?: string;
  readonly ifRange?: string;
  readonly known: KnownWays;
  /** The same ways for a time that no archive reaches back to. */
  readonly decoys: () => readonly ArchiveWay[];
  readonly health?: BaseUrlHealth;
}

/** A way that worked. */
export interface OpenedWay {
  readonly way: ArchiveWay;
  /** The body is paused; of a playlist it is closed already. */
  readonly opened: OpenedMedia;
  readonly container: MediaContainer;
  /** Where media begin, behind what a panel printed before them. */
  readonly offset: number;
}

type Tried =
  | { readonly kind: 'opened'; readonly found: OpenedWay }
  | { readonly kind: 'next'; readonly error: CoaxError };

/**
 * Asks for an archive in each of its forms, the one that worked last first, until one answers with media. What refuses the account is
 * final (401, 403, 406, a login page, a full account); what does not know the form is not (404, a page, something that is no media, live
 * TV). Rejects with a ProviderRefusal, NotHere when no form helps, or CANCELLED.
 */
export async function openWays(ways: readonly ArchiveWay[], options: OpenWaysOptions): Promise<OpenedWay> {
  let failure: CoaxError | undefined;
  for (const way of options.known.order(options.account, ways)) {
    // oxlint-disable-next-line no-await-in-loop -- one form after the other
    const tried = await tryWay(way, options);
    if (tried.kind === 'opened') {
      options.known.worked(options.account, way);
      return tried.found;
    }
    if (failure === undefined || failure.code === 'UPSTREAM_NOT_FOUND') failure = tried.error;
    // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
    await options.lease.closeSocket(false);
    if (options.signal.aborted) throw new CoaxError('CANCELLED');
  }
  throw NotHere.of(failure ?? new CoaxError('NO_ARCHIVE', 'The provider tells no way to its archive'));
}

async function tryWay(way: ArchiveWay, options: OpenWaysOptions): Promise<Tried> {
  const { request } = way;
  if (request.kind !== 'http') return next(new CoaxError('NO_ARCHIVE', 'The archive is at no web address'));
  let opened: OpenedMedia;
  try {
    opened = await openOne(request, options);
  } catch (error) {
    const known = toCoaxError(error);
    if (known.code === 'UPSTREAM_NOT_FOUND') return next(known);
    throw ProviderRefusal.of(known, capacityOfError(known));
  }
  if (opened.status === 416) return { kind: 'opened', found: { way, opened, container: 'unknown', offset: 0 } };
  const found = await look(way, request, opened, options);
  if (found.kind === 'next' || way.mayBeLive !== true || options.known.trusts(options.account, way)) return found;
  return unlessLive(way, request, found.found, options);
}

function openOne(request: HttpUpstreamRequest, options: OpenWaysOptions, range = options.range): Promise<OpenedMedia> {
  const { lease: owner, signal, connectTimeoutMs, ifRange, health } = options;
  return openMedia(request, {
    owner,
    signal,
    connectTimeoutMs,
    ...(range === undefined ? {} : { range }),
    ...(ifRange === undefined ? {} : { ifRange }),
    ...(health === undefined ? {} : { health }),
  });
}

async function look(
  way: ArchiveWay,
  request: HttpUpstreamRequest,
  opened: OpenedMedia,
  options: OpenWaysOptions,
): Promise<Tried> {
  const { signal, firstByteTimeoutMs } = options;
  const isAnswer = opened.status === 200 || opened.status === 206;
  if (isAnswer) {
    const first = await peekBody(opened.body, { atLeast: lookBytes, timeoutMs: firstByteTimeoutMs, signal });
    if (findContainer(first).container === 'hls') {
      opened.noStream();
      return { kind: 'opened', found: { way, opened, container: 'hls', offset: 0 } };
    }
  }
  const at = readStart(opened);
  const verdict = await judgeMedia(opened, {
    expects: 'file',
    at,
    secrets: secretsOf(request),
    firstByteTimeoutMs,
    signal,
  });
  if (verdict.kind === 'media')
    return { kind: 'opened', found: { way, opened, container: verdict.container, offset: verdict.offset } };
  // A page behind a redirect is the login page of the panel.
  if (isAnswer && opened.hops > 0)
    throw ProviderRefusal.of(
      new CoaxError('UPSTREAM_REFUSED', verdict.error.message, { cause: verdict.error }),
      'maybe',
    );
  const isFinal = verdict.error.code === 'UPSTREAM_REFUSED' || verdict.error.code === 'UPSTREAM_CAPACITY';
  if (isFinal && verdict.capacity !== 'no') throw ProviderRefusal.of(verdict.error, verdict.capacity);
  return next(verdict.error);
}

/** An answer without a length may be live TV, whatever was asked: the same question for a time long ago tells. */
async function unlessLive(
  way: ArchiveWay,
  request: HttpUpstreamRequest,
  found: OpenedWay,
  options: OpenWaysOptions,
): Promise<Tried> {
  const isLive = next(new CoaxError('NO_ARCHIVE', 'The provider answers with live TV instead of its archive'));
  if (/^[^?#]*\/live\//.test(found.opened.url)) return isLive;
  const hasLength = found.opened.contentLength !== undefined || found.opened.contentRange !== undefined;
  const decoy = options.decoys().find(({ form }) => form === way.form)?.request;
  if (hasLength || found.container !== 'mpegts' || decoy?.kind !== 'http') return { kind: 'opened', found };
  const first = await clockLook(found.opened, options);
  await options.lease.closeSocket();
  const second = await openOne(decoy, options, 'bytes=0-').then(
    (opened) => (opened.status === 200 || opened.status === 206 ? clockLook(opened, options) : undefined),
    () => undefined,
  );
  await options.lease.closeSocket();
  if (options.signal.aborted) throw new CoaxError('CANCELLED');
  if (first !== undefined && second !== undefined && isOneLiveStream(first, second)) return isLive;
  return look(way, request, await openOne(request, options), options);
}

async function clockLook({ body }: OpenedMedia, { signal }: OpenWaysOptions): Promise<ClockLook | undefined> {
  const atMs = performance.now();
  const bytes = await peekBody(body, { atLeast: clockBytes, timeoutMs: clockMs, signal }).catch(() => Buffer.alloc(0));
  const pcr = firstPcr(bytes);
  return pcr === undefined ? undefined : { pcr, atMs };
}

const next = (error: CoaxError): Tried => ({ kind: 'next', error });
