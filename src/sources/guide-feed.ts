import { CoaxError } from '../errors.ts';
import { readXmltv, type XmltvOptions } from '../text/xmltv-reader.ts';
import type { GuideInterest, GuideSink, ReadContext } from './contract.ts';
import type { ProviderClient } from './provider-client.ts';
import { isSourceFailure } from './source-failure.ts';

export interface GuideFeed {
  /** The same guide at each address, in order of preference. One may be a path or a `file:` address. */
  readonly urls: readonly string[];
  /** Zone of times that name none: an IANA name or an offset. */
  readonly zone?: string | undefined;
}

export interface GuideFeedResult {
  readonly channels: number;
  readonly programmes: number;
  readonly rejects: number;
}

/** Carries back-pressure and progress, and makes the read final with the first thing that is handed over. */
function committing(sink: GuideSink, context: ReadContext, commit: () => void): GuideSink {
  let programmes = 0;
  return {
    channels: (batch) => {
      commit();
      return sink.channels(batch);
    },
    programmes: async (batch) => {
      commit();
      await sink.programmes(batch);
      programmes += batch.length;
      context.progress('guide', programmes);
    },
    reject: (reject) => sink.reject(reject),
  };
}

function interestOf({ interest }: GuideSink): Pick<XmltvOptions, 'fromUnix' | 'toUnix' | 'wanted'> {
  if (interest === undefined) return {};
  return { fromUnix: interest.fromUnix, toUnix: interest.toUnix, wanted: (id) => interest.wanted(id) };
}

/**
 * Reads an XMLTV guide of any size and compression into `sink`. Throws SOURCE_BAD_CONTENT for what is no guide, SOURCE_TRUNCATED for one
 * cut short (what stood before the cut has been handed over), and the other SOURCE_* codes of the client.
 */
export async function readGuideFeed(
  client: ProviderClient,
  feed: GuideFeed,
  sink: GuideSink,
  context: ReadContext,
): Promise<GuideFeedResult> {
  const { signal } = context;
  return client.read({ urls: feed.urls, expect: 'guide', signal }, async ({ chunks, commit }) => {
    const summary = await readXmltv(chunks, committing(sink, context, commit), {
      signal,
      ...interestOf(sink),
      ...(feed.zone === undefined || feed.zone === '' ? {} : { zone: feed.zone }),
    });
    if (summary.form !== 'guide')
      throw new CoaxError('SOURCE_BAD_CONTENT', `The guide is no XMLTV (it is ${summary.form})`);
    if (summary.truncated)
      throw new CoaxError('SOURCE_TRUNCATED', `The guide is cut short after ${summary.programmes} programmes`);
    return { channels: summary.channels, programmes: summary.programmes, rejects: summary.rejects };
  });
}

/** Files of this machine have none, and are never taken for one that does not answer. */
const hostOfAddress = (url: string): string =>
  /^https?:/i.test(url) && URL.canParse(url) ? new URL(url).host : `file ${url}`;

const everything: GuideInterest = {
  fromUnix: Number.NEGATIVE_INFINITY,
  toUnix: Number.POSITIVE_INFINITY,
  wanted: () => true,
};

/**
 * Reads several guides as one: a channel belongs to the first feed that has programmes for it, so that feeds never repeat each
 * other. A feed that fails costs only itself; the first failure is thrown when none could be read.
 */
export async function readGuideFeeds(
  client: ProviderClient,
  feeds: readonly GuideFeed[],
  sink: GuideSink,
  context: ReadContext,
): Promise<readonly { readonly feed: number; readonly error: CoaxError }[]> {
  const owner = new Map<string, number>();
  const failures: { feed: number; error: CoaxError }[] = [];
  // Playlists name a hundred guides of one host: when nobody answers there, one wait is enough.
  const silent = new Map<string, CoaxError>();
  const { interest = everything } = sink;
  for (const [index, feed] of feeds.entries()) {
    const claiming: GuideSink = {
      interest: {
        fromUnix: interest.fromUnix,
        toUnix: interest.toUnix,
        wanted: (guideId) => (owner.get(guideId) ?? index) === index && interest.wanted(guideId),
      },
      channels: (batch) => sink.channels(batch),
      programmes: (batch) => {
        for (const { guideId } of batch) if (!owner.has(guideId)) owner.set(guideId, index);
        return sink.programmes(batch);
      },
      reject: (reject) => sink.reject(reject),
    };
    const hosts = feed.urls.map(hostOfAddress);
    const known = hosts.length > 0 && hosts.every((host) => silent.has(host)) ? silent.get(hosts[0] ?? '') : undefined;
    if (known !== undefined) {
      failures.push({ feed: index, error: known });
      continue;
    }
    try {
      await readGuideFeed(client, feed, claiming, context);
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      failures.push({ feed: index, error });
      if (error.code === 'SOURCE_UNREACHABLE') for (const host of hosts) silent.set(host, error);
    }
  }
  const first = failures[0];
  if (first !== undefined && failures.length === feeds.length) throw first.error;
  return failures;
}
