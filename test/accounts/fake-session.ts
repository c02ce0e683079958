import type { AccountId, LoginKey, SessionId, SourceId, ViewerKey } from '../../src/model/ids.ts';
import type { Account } from '../../src/model/account.ts';
import type { Viewer } from '../../src/model/viewer.ts';
import type { Lease, LeaseHolder, LeasePurpose, LeaseRequest, LeasedSocket } from '../../src/accounts/lease.ts';

export const accountId = (text: string) => text as AccountId;

export function account(id: string, limit: number | null, login = id): Account {
  return { id: accountId(id), sourceId: 's' as SourceId, loginKey: login as LoginKey, label: id, limit };
}

export const viewer = (name: string): Viewer => ({ key: name as ViewerKey, label: name });

/** A socket whose `close` comes when the test says so, or by itself after `closeMs`. */
export class FakeSocket implements LeasedSocket {
  closed = false;
  destroyed = false;
  /** A `performance.now()` reading. */
  destroyedAt: number | null = null;
  readonly #closeMs: number | null;
  readonly #listeners: (() => void)[] = [];

  constructor(closeMs: number | null = 0) {
    this.#closeMs = closeMs;
  }

  once(_event: 'close', listener: () => void): this {
    this.#listeners.push(listener);
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.destroyedAt = performance.now();
    if (this.#closeMs !== null) setTimeout(() => this.close(), this.#closeMs);
    return this;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** A session as the pool sees it; it gives its lease back when asked, unless it is told not to. */
export class FakeSession implements LeaseHolder {
  readonly sessionId: SessionId;
  readonly viewers: Viewer[];
  readonly asked: string[] = [];
  /** What its slot was wanted for, where that was told, and when it was asked last. */
  readonly by: LeasePurpose[] = [];
  askedAt = 0;
  idle = false;
  stubborn = false;
  lease: Lease | null = null;

  constructor(id: string, ...viewers: Viewer[]) {
    this.sessionId = id as SessionId;
    this.viewers = viewers;
  }

  isIdle(): boolean {
    return this.idle;
  }

  isSoleViewer(asking: Viewer): boolean {
    return this.viewers.length === 1 && this.viewers[0]?.key === asking.key;
  }

  yieldSlot(reason: 'taken-over' | 'idle' | 'stopped', by?: LeasePurpose): void {
    this.asked.push(reason);
    this.askedAt = performance.now();
    if (by !== undefined) this.by.push(by);
    if (!this.stubborn) this.lease?.end();
  }

  request(candidates: readonly string[], more: Partial<LeaseRequest> = {}): LeaseRequest {
    return {
      candidates: candidates.map(accountId),
      viewer: this.viewers[0] ?? viewer('nobody'),
      purpose: 'live',
      holder: this,
      signal: new AbortController().signal,
      ...more,
    };
  }
}
