/** One login at the fake provider. */
export interface ProviderLogin {
  readonly username: string;
  readonly password: string;
  /** Media sockets at once; 0 is no limit. */
  readonly maxConnections: number;
  /** As `user_info.status`; anything but `Active` makes the login useless. */
  readonly status?: string;
  /** Unix seconds; null is unlimited. */
  readonly expires?: number | null;
  /** Connections of other apps on the same login: they count, but no socket is here. */
  readonly external?: number;
}

/** What a refusal for want of a free connection looks like. */
export type Refusal = '401' | '403' | '429' | '458' | '503' | 'html' | 'text' | 'clip' | 'reset';

/** How a media answer is delivered. Everything is optional; absent is the well-behaved answer. */
export interface Behaviour {
  /** Answers with this status and `body` instead of media. */
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits before the response head. */
  readonly headDelayMs?: number;
  /** Waits between head and first byte. */
  readonly firstByteDelayMs?: number;
  /** Sends this much at once, then the media's own rate. */
  readonly burstBytes?: number;
  /** Sends at this rate for `slowStartMs`, then normally. */
  readonly slowStartBps?: number;
  readonly slowStartMs?: number;
  /** Sends nothing more after so many bytes; the socket stays open. */
  readonly stallAfterBytes?: number;
  readonly endAfterBytes?: number;
  readonly endAfterMs?: number;
  readonly resetAfterBytes?: number;
  /** Resets the socket instead of an answer. */
  readonly reset?: boolean;
  /** 200 with an empty body. */
  readonly empty?: boolean;
  /** Never answers; the socket stays open. */
  readonly hang?: boolean;
  /** Leaves out one TS packet of so many: continuity errors. */
  readonly dropEvery?: number;
  /** Uses `Transfer-Encoding: chunked` for live. */
  readonly chunked?: boolean;
  /** Files: no Range support, 200 with the whole file. */
  readonly noRanges?: boolean;
  /** Files: Content-Length differs from the body by so much. */
  readonly wrongLengthBy?: number;
  /** Files: bytes per second; 0 is as fast as it goes. */
  readonly fileBytesPerSecond?: number;
}

export type RequestKind = 'live' | 'movie' | 'series' | 'timeshift';

/** A behaviour for requests that match, `times` times (absent: always). The first match wins. */
export interface Fault extends Behaviour {
  readonly kind?: RequestKind;
  readonly id?: string;
  readonly username?: string;
  /** Leaves so many matching requests alone first. */
  readonly skip?: number;
  readonly times?: number;
}

export type ApiMode =
  | 'normal'
  | 'html'
  | 'user_info'
  | 'auth0'
  | 'false'
  | 'null'
  | 'empty'
  | 'empty-object'
  | 'empty-list'
  | 'blocked'
  | 'truncated'
  | 'bom'
  | 'notice'
  | 'hang'
  | 'reset'
  | '401'
  | '403'
  | '404'
  | '429'
  | '500'
  | '512';

export interface CatalogSettings {
  readonly channels: number;
  readonly movies: number;
  readonly series: number;
  readonly seasons: number;
  readonly episodes: number;
  readonly groups: number;
  /** Added to each provider id: what a panel does when it renumbers. */
  readonly idOffset: number;
  readonly reversed: boolean;
  /** The share of channels left out, from the end of the list. */
  readonly omit: number;
  /** New names by channel number. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Mixes strings for numbers, nulls, arrays for objects and broken items into the lists. */
  readonly quirks: boolean;
  readonly movieExt: 'mkv' | 'mp4';
  /** `direct_source` of every live item; `{id}` is replaced. */
  readonly directSource: string;
  /** Stands behind the address of every logo: `?token=...`. */
  readonly logoQuery: string;
}

export interface GuideSettings {
  readonly days: number;
  readonly pastDays: number;
  readonly minutesEach: number;
  readonly channels: number;
  /** As file content (`gzip`) or as a content encoding (`encoding`). */
  readonly packed: 'no' | 'gzip' | 'encoding';
  readonly zone: string;
  /** How much later everything is on. */
  readonly shiftMin: number;
  /** Address of a picture that every programme has; empty is none. */
  readonly icon: string;
}

/** The archive of all channels. */
export interface ArchiveSettings {
  /** Forms of addresses that it answers: `path-dash`, `query-sql`, `flussonic-ts`; see archive.ts. */
  readonly forms: readonly string[];
  /** Forms that it answers with live TV, and with a page. */
  readonly live: readonly string[];
  readonly html: readonly string[];
  readonly days: number;
  /** How far it is behind what is on. */
  readonly lagSec: number;
  /** `file` has a length and ranges; `stream` neither. */
  readonly delivery: 'file' | 'stream';
  /** How many times faster than it plays a piece is sent; 0 is as fast as it goes. */
  readonly paceFactor: number;
  /** Stands before each piece. */
  readonly preamble: string;
  /** Each answer has a clock of its own, instead of the broadcast's. */
  readonly ownClock: boolean;
  /** Attributes of each entry of the playlist: `catchup="flussonic"`; `{base}`, `{id}` and the login are replaced. */
  readonly playlist: string;
  /** Address of each entry of the playlist below `/flussonic/u/p/{id}/`; empty is the usual one. */
  readonly entry: string;
}

export interface ProviderSettings {
  readonly logins: readonly ProviderLogin[];
  readonly catalog: CatalogSettings;
  readonly guide: GuideSettings;
  readonly api: {
    readonly mode: ApiMode;
    /** By action (`get_live_streams`, `login`, `xmltv`, `get`), over `mode`. */
    readonly byAction: Readonly<Record<string, ApiMode>>;
    readonly delayMs: number;
    readonly retryAfter: string;
    /** How many answers `mode` lasts; 0 is until changed. */
    readonly times: number;
    readonly timezone: string;
    /** Seconds east of UTC, for `time_now` and listing strings. */
    readonly zoneOffset: number;
    readonly activeCons: 'real' | 'absent' | 'N/A' | 'zero';
    readonly stringNumbers: boolean;
  };
  readonly archive: ArchiveSettings;
  readonly behaviour: Behaviour;
  readonly faults: readonly Fault[];
  /** False counts excess connections instead of refusing them. */
  readonly enforce: boolean;
  readonly refusal: Refusal;
  /** A closed socket still counts for so long. */
  readonly releaseDelayMs: number;
  /** 0: media come from the panel itself; n: that many 302 before the edge server sends them. */
  readonly redirects: number;
  /** The edge server resets every connection. */
  readonly edgeDead: boolean;
  /** All live streams send nothing, and list nothing new, while this is set. */
  readonly frozen: boolean;
  /** Requests whose user agent does not match get 403; empty takes all. */
  readonly userAgent: string;
  /** Live media of all channels: the recipe's name. */
  readonly media: MediaName;
  readonly hls: HlsSettings;
  /** Live media by channel number, over `media`. */
  readonly mediaOf: Readonly<Record<string, MediaName>>;
}

/** Live channels as HLS, at `.m3u8`. */
export interface HlsSettings {
  readonly form: 'off' | 'ts' | 'fmp4';
  /** AES-128, with a new key every four segments and vectors from the sequence numbers. */
  readonly encrypted: boolean;
  /** Two variants first. */
  readonly master: boolean;
  /** What segments are called. */
  readonly extension: string;
  /** The head of a picture stands before each segment. */
  readonly junk: boolean;
  /** Addresses but the first are good for so long; 0 is for ever. */
  readonly tokenMs: number;
  /** Segments in a playlist. */
  readonly window: number;
  /** Segments of the clip that are played again and again; 0 is all. */
  readonly loop: number;
  /** The panel lists no other format, and has no stream at `.ts`. */
  readonly only: boolean;
}

export type MediaName = 'h264-aac' | 'h264-sd' | 'h264-hd' | 'limit-slate' | 'hevc-ac3' | 'mpeg2-mp2' | 'radio';

/** A deep patch: objects merge, arrays and values replace; see `patchSettings`. */
export type SettingsPatch = {
  readonly [Key in keyof ProviderSettings]?: ProviderSettings[Key] extends readonly unknown[]
    ? ProviderSettings[Key]
    : ProviderSettings[Key] extends object
      ? Partial<ProviderSettings[Key]>
      : ProviderSettings[Key];
};

/** Credentials that need encoding in each place they can stand. */
export const hardLogin = { username: 'us er@x', password: 'p+ss/w%rd' } as const;
export const plainLogin = { username: 'alice', password: 'secret-pass-77' } as const;

export const defaultSettings: ProviderSettings = {
  logins: [{ ...plainLogin, maxConnections: 1 }],
  catalog: {
    channels: 6,
    movies: 3,
    series: 2,
    seasons: 2,
    episodes: 3,
    groups: 3,
    idOffset: 0,
    reversed: false,
    omit: 0,
    renamed: {},
    quirks: false,
    movieExt: 'mkv',
    directSource: '',
    logoQuery: '',
  },
  guide: { days: 2, pastDays: 1, minutesEach: 60, channels: 0, packed: 'no', zone: '+0000', shiftMin: 0, icon: '' },
  api: {
    mode: 'normal',
    byAction: {},
    delayMs: 0,
    retryAfter: '',
    times: 0,
    timezone: 'Europe/Amsterdam',
    zoneOffset: 3600,
    activeCons: 'real',
    stringNumbers: true,
  },
  archive: {
    forms: ['path-dash'],
    live: [],
    html: [],
    days: 7,
    lagSec: 30,
    delivery: 'file',
    paceFactor: 0,
    preamble: '',
    ownClock: false,
    playlist: '',
    entry: '',
  },
  behaviour: { burstBytes: 262_144 },
  faults: [],
  enforce: true,
  refusal: '403',
  releaseDelayMs: 0,
  redirects: 0,
  edgeDead: false,
  frozen: false,
  userAgent: '',
  media: 'h264-aac',
  hls: {
    form: 'off',
    encrypted: false,
    master: false,
    extension: '.ts',
    junk: false,
    tokenMs: 0,
    window: 5,
    loop: 0,
    only: false,
  },
  mediaOf: {},
};

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merged(base: unknown, patch: unknown): unknown {
  if (patch === undefined) return base;
  if (!isPlain(base) || !isPlain(patch)) return patch;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) result[key] = merged(base[key], value);
  return result;
}

/** Settings with a patch laid over them; the original stays as it is. `behaviour` is replaced, over the defaults; other objects merge. */
export function patchSettings(base: ProviderSettings, patch: SettingsPatch): ProviderSettings {
  const result = merged(base, patch) as ProviderSettings;
  const behaviour =
    patch.behaviour === undefined ? base.behaviour : { ...defaultSettings.behaviour, ...patch.behaviour };
  return { ...result, behaviour };
}
