import type { AccountId } from '../model/ids.ts';
import type { LeasePurpose } from './lease.ts';

/** How a slot became free for the one who got it. */
export type GrantWay = 'free' | 'waited' | 'idle' | 'hand-over';

/** What happens in the pool, for metrics. */
export type LeaseEvent =
  | {
      readonly kind: 'granted';
      readonly accountId: AccountId;
      readonly purpose: LeasePurpose;
      readonly way: GrantWay;
      readonly waitedMs: number;
    }
  | { readonly kind: 'timed-out' | 'aborted'; readonly purpose: LeasePurpose; readonly waitedMs: number }
  | { readonly kind: 'yield-asked'; readonly accountId: AccountId; readonly reason: 'taken-over' | 'idle' | 'stopped' }
  | { readonly kind: 'released'; readonly accountId: AccountId; readonly heldMs: number }
  | { readonly kind: 'provider-refused'; readonly accountId: AccountId; readonly afterOwnClose: boolean }
  /** Somebody waits only because of what the provider is believed to count of others. Told again while it lasts. */
  | { readonly kind: 'external-blocks'; readonly accountId: AccountId }
  /** A socket did not close in time after destroy, a holder did not give its slot back, or a socket came after its lease had ended. */
  | { readonly kind: 'forced'; readonly accountId: AccountId; readonly what: 'close' | 'yield' | 'late-socket' };

/** Called synchronously; must not throw and must not call the pool. */
export type LeaseObserver = (event: LeaseEvent) => void;
