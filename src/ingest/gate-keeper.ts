import { toCoaxError } from '../errors.ts';
import type { GatePass, HostGate } from '../sources/host-gate.ts';
import type { WorkerMessage, WorkerOrder } from './worker-messages.ts';

type GateMessage = Extract<WorkerMessage, { type: 'enter' | 'left' }>;

/** Asks the gate of this thread for a worker, which has none of its own: a host is either down for all threads or for none. */
export class GateKeeper {
  readonly #gate: HostGate;
  readonly #answer: (order: WorkerOrder) => void;
  readonly #passes = new Map<number, GatePass>();

  constructor(gate: HostGate, answer: (order: WorkerOrder) => void) {
    this.#gate = gate;
    this.#answer = answer;
  }

  handle(message: GateMessage): void {
    const { request } = message;
    if (message.type === 'left') {
      this.#passes.get(request)?.[message.outcome]();
      this.#passes.delete(request);
      return;
    }
    try {
      this.#passes.set(request, this.#gate.enter(message.target));
      this.#answer({ type: 'gate', request });
    } catch (error) {
      const { message: text, retryAfterMs } = toCoaxError(error);
      this.#answer({ type: 'gate', request, message: text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    }
  }

  /** The worker is gone: nobody will tell any more. */
  close(): void {
    for (const pass of this.#passes.values()) pass.dropped();
    this.#passes.clear();
  }
}
