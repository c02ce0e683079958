import { CoaxError, toCoaxError } from '../../errors.ts';
import { readHlsPlaylist } from '../../text/hls-playlist.ts';
import type { HlsMaster, HlsMedia, HlsSegment } from '../../text/hls-types.ts';
import { mayHaveExpired } from './hls-failure.ts';
import type { FetchedText, HlsFetch } from './hls-fetch.ts';
import { MediaFollower } from './media-follower.ts';
import type { Role } from './passage.ts';
import { remainingMs, sameMoment, startPoint } from './start-point.ts';
import { type HlsChoice, type HlsPolicy, orderVariants } from './variant-choice.ts';

/** Variants that are tried when the first ones are not there. */
const mostVariants = 4;

/** The address leads to no segments but to other streams, of which the first is meant. */
export class OtherStream extends Error {
  readonly url: string;

  constructor(url: string) {
    super('The address leads to another stream');
    this.url = url;
  }
}

interface Followed {
  url: string;
  readonly follower: MediaFollower;
}

/** Where an earlier connection stopped. */
export interface HlsPlace {
  readonly sequence: number;
}

interface Loaded {
  readonly url: string;
  readonly list: HlsMedia;
}

/** The playlists of one stream: which variant is played, and where in it. */
export class HlsLists {
  readonly #fetch: HlsFetch;
  readonly #policy: HlsPolicy;
  #after: HlsPlace | null;
  #lists: ReadonlyMap<Role, Followed> = new Map();
  /** Counts of discontinuities at the start, which two playlists may number differently. */
  readonly #firstDiscontinuity = new Map<Role, number>();

  /** `after` is where to go on, if the playlist still knows it. */
  constructor(fetch: HlsFetch, policy: HlsPolicy, after: HlsPlace | null) {
    this.#fetch = fetch;
    this.#policy = policy;
    this.#after = after;
  }

  get roles(): readonly Role[] {
    return [...this.#lists.keys()];
  }

  follower(role: Role): MediaFollower | undefined {
    return this.#lists.get(role)?.follower;
  }

  urlOf(role: Role): string {
    return this.#lists.get(role)?.url ?? '';
  }

  /** Discontinuities since the start. */
  discontinuityOf(role: Role): number {
    return (this.follower(role)?.discontinuity ?? 0) - (this.#firstDiscontinuity.get(role) ?? 0);
  }

  /** Asks the stream's own address, and goes on where it was if that is known. Throws OtherStream for a list of streams. */
  async open(): Promise<void> {
    const top = await this.#fetch.list();
    const read = readHlsPlaylist(top.text, { query: queryOf(top.url) });
    if (read?.kind === 'list') throw new OtherStream(absolute(read.uris[0] ?? '', top.url));
    if (read?.kind === 'master') await this.#openMaster(read, top);
    else if (read?.kind === 'media') this.#use([['main', { url: top.url, list: resolved(read, top.url) }]]);
    else throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent a playlist that can not be read');
  }

  /** True when the playlist lists something new. */
  async reload(role: Role): Promise<boolean> {
    const followed = this.#lists.get(role);
    if (followed === undefined) return false;
    const { list } = await this.#media(followed.url);
    return followed.follower.take(list, performance.now(), (each) => this.#startIn(each, role));
  }

  async #openMaster(master: HlsMaster, top: FetchedText): Promise<void> {
    const choices = orderVariants(master, this.#policy);
    let failure = new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent a playlist without variants');
    for (const choice of choices.slice(0, mostVariants)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one variant after the other
        this.#use(await this.#variant(choice, master, top));
        return;
      } catch (error) {
        failure = toCoaxError(error);
        if (!mayHaveExpired(failure)) throw failure;
      }
    }
    throw failure;
  }

  async #variant({ variant, audio }: HlsChoice, master: HlsMaster, top: FetchedText): Promise<[Role, Loaded][]> {
    const url = absolute(variant.uri, top.url);
    const main = await this.#media(url, master.defined);
    if (audio?.uri === undefined) return [['main', { ...main, url }]];
    const soundUrl = absolute(audio.uri, top.url);
    const sound = await this.#media(soundUrl, master.defined);
    return [
      ['main', { ...main, url }],
      ['audio', { ...sound, url: soundUrl }],
    ];
  }

  async #media(url: string, imported?: ReadonlyMap<string, string>): Promise<Loaded> {
    const fetched = await this.#fetch.list(url);
    const query = queryOf(fetched.url);
    const read = readHlsPlaylist(fetched.text, { query, ...(imported === undefined ? {} : { imported }) });
    if (read?.kind !== 'media')
      throw new CoaxError(
        'UPSTREAM_BAD_CONTENT',
        'The provider sent a list of streams where one of segments should be',
      );
    return { url, list: resolved(read, fetched.url) };
  }

  #use(loaded: readonly [Role, Loaded][]): void {
    const before = this.#lists;
    const lists = new Map<Role, Followed>();
    const nowMs = performance.now();
    this.#lists = lists;
    for (const [role, { url, list }] of loaded) {
      const follower = before.get(role)?.follower ?? new MediaFollower();
      lists.set(role, { url, follower });
      follower.take(list, nowMs, (each) => this.#startIn(each, role));
      if (!this.#firstDiscontinuity.has(role)) this.#firstDiscontinuity.set(role, follower.discontinuity);
    }
  }

  #startIn(list: HlsMedia, role: Role): HlsSegment | undefined {
    if (role === 'main') return this.#behind(list) ?? startPoint(list);
    const main = this.follower('main');
    const at = main?.next()?.segment;
    if (main?.list == null || at === undefined) return startPoint(list);
    return sameMoment(list, at, remainingMs(main.list, at));
  }

  /** The segment behind the place where an earlier connection stopped. */
  #behind(list: HlsMedia): HlsSegment | undefined {
    const after = this.#after;
    this.#after = null;
    if (after === null) return undefined;
    const last = list.segments.at(-1);
    const isKnown = list.sequence <= after.sequence && last !== undefined && after.sequence <= last.sequence;
    if (!isKnown) return undefined;
    // At the very end there is nothing to read yet: its number is where to wait.
    return (
      list.segments.find(({ sequence }) => sequence === after.sequence + 1) ?? { ...last, sequence: last.sequence + 1 }
    );
  }
}

/** Addresses as they are asked; what can not be one stays as it is and fails there. */
function resolved(list: HlsMedia, base: string): HlsMedia {
  return {
    ...list,
    segments: list.segments.map((segment) => ({
      ...segment,
      uri: absolute(segment.uri, base),
      ...(segment.key?.uri === undefined ? {} : { key: { ...segment.key, uri: absolute(segment.key.uri, base) } }),
      ...(segment.map === undefined
        ? {}
        : {
            map: {
              ...segment.map,
              uri: absolute(segment.map.uri, base),
              ...(segment.map.key?.uri === undefined
                ? {}
                : { key: { ...segment.map.key, uri: absolute(segment.map.key.uri, base) } }),
            },
          }),
    })),
  };
}

function absolute(uri: string, base: string): string {
  return URL.parse(uri, base)?.href ?? uri;
}

function queryOf(url: string): URLSearchParams {
  return URL.parse(url)?.searchParams ?? new URLSearchParams();
}
