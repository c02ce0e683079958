import { CoaxError } from '../errors.ts';
import type { GatePass, GateTarget } from '../sources/host-gate.ts';
import type { ListGate } from '../sources/provider-client.ts';
import type { WorkerMessage, WorkerOrder } from './worker-messages.ts';

type GateAnswer = Extract<WorkerOrder, { type: 'gate' }>;

/** The gate as a worker sees it: every question goes to the main thread. */
export class FarGate implements ListGate {
  readonly #tell: (message: WorkerMessage) => void;
  readonly #waiting = new Map<number, (answer: GateAnswer) => void>();
  #last = 0;

  constructor(tell: (message: WorkerMessage) => void) {
    this.#tell = tell;
  }

  async enter(target: GateTarget): Promise<GatePass> {
    const request = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<GateAnswer>();
    this.#waiting.set(request, resolve);
    this.#tell({ type: 'enter', request, target: { ...target } });
    const { message, retryAfterMs } = await promise;
    if (message !== undefined)
      throw new CoaxError('SOURCE_BREAKER_OPEN', message, retryAfterMs === undefined ? {} : { retryAfterMs });
    const leave = (outcome: 'worked' | 'failed' | 'dropped') => (): void =>
      this.#tell({ type: 'left', request, outcome });
    return { worked: leave('worked'), failed: leave('failed'), dropped: leave('dropped') };
  }

  answered(answer: GateAnswer): void {
    this.#waiting.get(answer.request)?.(answer);
    this.#waiting.delete(answer.request);
  }
}
