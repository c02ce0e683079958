import type { ErrorCode } from '../errors.ts';
import type { SwitchReason } from '../model/switch-reason.ts';
import type { SlateReason } from './slate-reason.ts';

/** What the metrics see of relays. Called synchronously; must not throw. Times are in milliseconds. */
export interface RelayObserver {
  /** The first media byte of an upstream came; counted from the start of the connect. */
  firstByte(ms: number): void;
  /** A consumer got its first bytes; counted from its request. `cold` when the upstream had to be opened for it. */
  joined(ms: number, cold: boolean): void;
  consumers(change: 1 | -1): void;
  relays(change: 1 | -1): void;
  bytes(received: number, sent: number): void;
  skipped(): void;
  dropped(code: ErrorCode): void;
  reconnecting(code: ErrorCode): void;
  /** A channel goes on with another stream; the gap is that of `SwitchView`. */
  switched(reason: SwitchReason, gapMs: number): void;
  /** A slate has begun. */
  slate(reason: SlateReason): void;
  /** A relay is over; null when nobody watched any more. */
  ended(code: ErrorCode | null): void;
}

/** Sees nothing. */
export const blindObserver: RelayObserver = {
  firstByte: () => {},
  joined: () => {},
  consumers: () => {},
  relays: () => {},
  bytes: () => {},
  skipped: () => {},
  dropped: () => {},
  reconnecting: () => {},
  switched: () => {},
  slate: () => {},
  ended: () => {},
};
