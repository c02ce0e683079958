/**
 * How to open one upstream on one account. It holds credentials: it lives in memory only, is never logged, listed or handed out.
 * `demo` needs no network; the relay and the VOD sessions read it from the built-in generator.
 */
export type UpstreamRequest = HttpUpstreamRequest | DemoUpstreamRequest;

export interface HttpUpstreamRequest {
  readonly kind: 'http';
  /** Candidate URLs (base URLs of one account), tried in order. */
  readonly urls: readonly string[];
  /** Those of `urls` that are not the provider's own (a `direct_source`): headers that may be secret do not go there. */
  readonly foreignUrls?: readonly string[];
  /** Lower-case names. A `user-agent` is always there. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface DemoUpstreamRequest {
  readonly kind: 'demo';
  /** A clip of src/sources/demo. */
  readonly clip: string;
  /** Set for the demo movie: how many seconds it lasts. */
  readonly durationSec?: number;
}
