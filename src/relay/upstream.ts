import type { Lease } from '../accounts/lease.ts';
import { CoaxError } from '../errors.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';

/** Gets the bytes of one upstream, in order. */
export interface UpstreamSink {
  data(chunk: Buffer): void;
  /** The upstream is over: it ended or broke. Called once, and not after `destroy`. */
  lost(error: CoaxError): void;
  /** What comes next has other times, or other streams, than what came before: it is joined to it as after a reconnect. */
  cut?(): void;
  /** Nothing is there to be sent now and nothing is wrong, as between two segments: this silence is no stall. */
  alive?(): void;
}

/** An upstream that is connected and has begun to send media. */
export interface Upstream {
  /** True when it is no transport stream, but the bare sound of a radio station. */
  readonly isRawAudio?: boolean;
  /** Starts the flow of bytes; call it once. */
  start(sink: UpstreamSink): void;
  /** Reads nothing for this long, so that the provider has to wait. Absent where the sender keeps time by itself. */
  hold?(ms: number): void;
  /** Closes it synchronously: no byte comes afterwards. Idempotent. */
  destroy(): void;
  /** Resolves when its socket has closed. */
  readonly closed: Promise<void>;
}

export interface UpstreamOptions {
  /** Each socket is attached to it as soon as it exists. */
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** How long the provider may take to connect, to answer, and to send the first byte; each of them. */
  readonly connectMs: number;
  /** How long a provider may be silent before that is a failure; for upstreams that watch this themselves. 10 s when absent. */
  readonly stallMs?: number;
}

/**
 * Opens an upstream and looks at its first bytes; what is no media is refused. Rejects with UPSTREAM_*, or CANCELLED on abort; what is
 * still open then is closed by the lease.
 */
export type OpenUpstream = (request: UpstreamRequest, options: UpstreamOptions) => Promise<Upstream>;

/** A refusal that is, or may be, about the number of connections. */
export class CapacityRefusal extends CoaxError {
  /** `doubtful` when the same answer also stands for blocks and wrong logins. */
  readonly outcome: 'refused' | 'doubtful';

  constructor(error: CoaxError, outcome: 'refused' | 'doubtful') {
    super(error.code, error.message, {
      cause: error,
      ...(error.details === undefined ? {} : { details: error.details }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    });
    this.outcome = outcome;
  }
}

/** The error of a viewer whose time is over while the provider may still count what was closed. */
export function stillCounted(refusal: CapacityRefusal, waitMs: number): CoaxError {
  const message = `${refusal.message}; it may still count a connection that was closed`;
  return new CoaxError('UPSTREAM_CAPACITY', message, { cause: refusal, retryAfterMs: Math.max(1_000, waitMs) });
}

/** The error for a refusal by a provider that is believed to be full with other players' connections. */
export function isFullNow(refusal: CapacityRefusal): CapacityRefusal {
  const { message, details, outcome } = refusal;
  const text = `${message}; other players use this login`;
  const error = new CoaxError('UPSTREAM_CAPACITY', text, { cause: refusal, ...(details && { details }) });
  return new CapacityRefusal(error, outcome);
}
