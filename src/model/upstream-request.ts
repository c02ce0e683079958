/**
 * How to open one upstream on one account. It holds credentials: it lives in memory only, is never logged, listed or handed out.
 * `demo` needs no network; the relay and the VOD sessions read it from the built-in generator.
 */
export type UpstreamRequest =
  | HttpUpstreamRequest
  | UdpUpstreamRequest
  | FfmpegUpstreamRequest
  | DemoUpstreamRequest
  | RelayUpstreamRequest;

export interface HttpUpstreamRequest {
  readonly kind: 'http';
  /** Candidate URLs (base URLs of one account), tried in order. */
  readonly urls: readonly string[];
  /** Those of `urls` that are not the provider's own (a `direct_source`): headers that may be secret do not go there. */
  readonly foreignUrls?: readonly string[];
  /** Lower-case names. A `user-agent` is always there. A `cookie` is what the jar of the stream begins with. */
  readonly headers: Readonly<Record<string, string>>;
  /** What every connection of the stream goes through: playlists, keys, segments, ranges and redirects alike. */
  readonly proxy?: ProxyRequest;
  /** The channel has streams of other sources: a host that is left alone for a while need not be tried for this one. */
  readonly hasOthers?: boolean;
}

export interface ProxyRequest {
  /** `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, with the login where there is one: `socks5h://user:password@host:1080`. */
  readonly url: string;
}

/** What an admin wants the streams of one channel to be asked with, over what source and playlist say. It holds secrets as they do. */
export interface RequestOverride {
  /** Any spelling; they win by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly userAgent?: string;
  /** See `ProxyRequest.url`; empty is no proxy, also where the source has one. */
  readonly proxy?: string;
}

/** Datagrams that come to a port of this machine: a transport stream, bare or in RTP. */
export interface UdpUpstreamRequest {
  readonly kind: 'udp';
  /** A multicast group to join, or the own address to listen at; without brackets; empty listens at all own addresses. */
  readonly address: string;
  readonly port: number;
  /** The one sender a group is joined for (source-specific multicast). */
  readonly sender?: string;
  /** The network interface groups are joined at: its name or one of its addresses; the system chooses where it is absent. */
  readonly interface?: string;
  /** What the address says; the datagrams themselves decide. */
  readonly rtp: boolean;
}

/** What ffmpeg can read and Coax can not. */
export const ffmpegProtocols = ['rtsp', 'rtmp', 'srt', 'mms', 'http'] as const;
export type FfmpegProtocol = (typeof ffmpegProtocols)[number];

export interface FfmpegUpstreamRequest {
  readonly kind: 'ffmpeg';
  /** As the playlist gives it, with its login. */
  readonly url: string;
  /** The family of the scheme: `rtsps` is `rtsp`, `rtmpe` is `rtmp`, `mmsh` is `mms`. */
  readonly protocol: FfmpegProtocol;
  /** Lower-case names; sent where the protocol has headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface DemoUpstreamRequest {
  readonly kind: 'demo';
  /** A clip of src/sources/demo. */
  readonly clip: string;
  /** Set for the demo movie: how many seconds it lasts. */
  readonly durationSec?: number;
}

/** What another relay of Coax gives, changed on its way; only who made the request can open it. */
export interface RelayUpstreamRequest {
  readonly kind: 'relay';
}
