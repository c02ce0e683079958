import { randomBytes } from 'node:crypto';
import type {
  Lease,
  LeasedSocket,
  LeaseHolder,
  LeasePurpose,
  LeaseRequest,
  Leases,
  LeaseState,
} from '../accounts/lease.ts';
import { CoaxError } from '../errors.ts';
import type { AccountId, LeaseId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import { abortable } from '../delay.ts';

/** The account of every transcode: the machine itself. */
export const machineAccount = 'machine' as AccountId;

/**
 * How many transcodes run at a time: each holds one slot while its child runs, as a relay holds a lease while its socket is open. Nobody
 * waits for one: it is taken from a transcode that nobody watches, or that the same viewer leaves for this one, or refused.
 */
export class TranscodeSlots implements Leases {
  readonly #limit: () => number;
  readonly #slots = new Set<Slot>();

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#slots.size;
  }

  /** Throws NO_CAPACITY when no slot is free, and none could be taken for this viewer. */
  assertRoom(viewer: Viewer): void {
    if (this.#slots.size >= this.#limit() && this.#victim(viewer) === undefined) throw this.#refusal();
  }

  async acquire(request: LeaseRequest): Promise<Lease> {
    for (;;) {
      if (request.signal.aborted) throw new CoaxError('CANCELLED');
      const granted = this.tryAcquire(request);
      if (granted !== null) return granted;
      const victim = this.#victim(request.viewer, request.holder);
      const leaving = victim ?? [...this.#slots].find((slot) => slot.leaves);
      if (leaving === undefined) throw this.#refusal();
      victim?.yieldTo(request.viewer);
      // oxlint-disable-next-line no-await-in-loop -- somebody else may be faster
      await abortable(leaving.released, request.signal);
    }
  }

  tryAcquire(request: Omit<LeaseRequest, 'signal' | 'deadlineMs'>): Lease | null {
    if (this.#slots.size >= this.#limit()) return null;
    const slot = new Slot(request);
    this.#slots.add(slot);
    void slot.released.then(() => this.#slots.delete(slot));
    return slot;
  }

  hasWaiters(): boolean {
    return false;
  }

  #victim(viewer: Viewer, asker?: LeaseHolder): Slot | undefined {
    const others = [...this.#slots].filter((slot) => !slot.leaves && slot.holder !== asker);
    return others.find(({ holder }) => holder.isIdle()) ?? others.find(({ holder }) => holder.isSoleViewer(viewer));
  }

  #refusal(): CoaxError {
    const limit = this.#limit();
    const message =
      limit === 0
        ? 'Transcoding is off (transcode.maxRunning is 0)'
        : `${limit === 1 ? 'One channel is' : `${limit} channels are`} transcoded already, which is the most (transcode.maxRunning)`;
    return new CoaxError('NO_CAPACITY', message, { details: { limit } });
  }
}

/** One place among those that run at a time, with the child that has it. */
class Slot implements Lease {
  readonly id = `slot-${randomBytes(6).toString('hex')}` as LeaseId;
  readonly accountId = machineAccount;
  readonly since = Date.now();
  readonly purpose: LeasePurpose;
  readonly viewer: Viewer;
  readonly holder: LeaseHolder;
  readonly #released = Promise.withResolvers<void>();
  readonly released: Promise<void> = this.#released.promise;
  #child: LeasedSocket | null = null;
  #ended = false;
  /** It was asked for: it is on its way out. */
  leaves = false;

  constructor({ purpose, viewer, holder }: Pick<LeaseRequest, 'purpose' | 'viewer' | 'holder'>) {
    this.purpose = purpose;
    this.viewer = viewer;
    this.holder = holder;
  }

  get state(): LeaseState {
    if (this.#child === null) return this.#ended ? 'released' : 'granted';
    return this.#ended ? 'closing' : 'open';
  }

  connecting(): void {
    if (this.#ended) throw new CoaxError('CANCELLED', 'The slot was given back');
    if (this.#child !== null) throw new CoaxError('INTERNAL', 'A slot holds one child at a time');
  }

  attach(child: LeasedSocket): void {
    if (child.closed) return;
    this.#child = child;
    child.once('close', () => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#ended) this.#released.resolve();
    });
    if (this.#ended) child.destroy();
  }

  async closeSocket(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('close', resolve);
    child.destroy();
    await promise;
  }

  report(): null {
    return null;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.leaves = true;
    if (this.#child === null) this.#released.resolve();
    else this.#child.destroy();
  }

  yieldTo(viewer: Viewer): void {
    this.leaves = true;
    this.holder.yieldSlot(this.holder.isIdle() || !this.holder.isSoleViewer(viewer) ? 'idle' : 'taken-over');
  }
}
