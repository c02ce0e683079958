import type { UpstreamRequest } from './upstream-request.ts';

/** A piece of a channel's archive. Times are Unix seconds; `endUnix` is after `startUnix`. */
export interface ArchiveWindow {
  readonly startUnix: number;
  readonly endUnix: number;
  /** When it is asked for: some providers are told how long ago the piece began. */
  readonly nowUnix: number;
  /** The programme's `catchup-id`, for providers that name pieces instead of times. */
  readonly catchupId?: string;
}

/** One way to ask a provider for a piece of its archive. */
export interface ArchiveWay {
  /** Names the form of the address, the same for every piece: what worked once is asked first the next time. */
  readonly form: string;
  readonly request: UpstreamRequest;
  /** Where the answer begins: at or before the wished start, as the form may know whole minutes only. Undefined where nobody knows. */
  readonly startUnix: number;
  /** How much is asked for, in seconds. */
  readonly durationSec: number;
  /** Some panels answer this form with live TV, whatever start it names. */
  readonly mayBeLive?: boolean;
}
