import { Worker } from 'node:worker_threads';
import type { JobProgress } from '../catalog/contract.ts';
import { CoaxError, type ErrorCode, errorTable } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { type HostGate, openGate } from '../sources/host-gate.ts';
import { GateKeeper } from './gate-keeper.ts';
import type { RefreshOutcome } from './outcome.ts';
import { type WorkerMessage, type WorkerOrder, type WorkerTask, workerMessageSchema } from './worker-messages.ts';

/** How long a worker may take to stop by itself before it is ended. */
const graceMs = 3_000;
const heapMb = 1_024;
/** Short-lived objects are nearly all that a refresh makes; a small space for them keeps the memory of the process flat. */
const youngMb = 16;

export interface WorkerHooks {
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
}

function failureOf({ code, message }: { readonly code: string; readonly message: string }): CoaxError {
  return new CoaxError(Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'INTERNAL', message);
}

function crashOf(error: unknown): CoaxError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new CoaxError('SOURCE_TOO_LARGE', 'The refresh needed too much memory and was ended', { cause: error });
  return new CoaxError('INTERNAL', 'The refresh ended unexpectedly', { cause: error });
}

/** Runs each task in a worker thread of its own, so that neither its work nor its memory nor its end touches a stream. */
export class IngestWorkers {
  readonly #entry: URL;
  readonly #log: Log;
  readonly #gate: HostGate;

  /** `entry` is worker.ts, or the bundle made from it. `gate` is asked before each request of a worker; without it, all are let through. */
  constructor({ entry, log, gate }: { readonly entry: URL; readonly log: Log; readonly gate?: HostGate }) {
    this.#entry = entry;
    this.#log = log;
    this.#gate = gate ?? openGate;
  }

  /** Rejects with the task's error, CANCELLED when the signal fired. Resolves or rejects only when the thread is gone. */
  run(task: WorkerTask, { signal, progress }: WorkerHooks): Promise<RefreshOutcome | null> {
    if (signal.aborted) return Promise.reject(new CoaxError('CANCELLED'));
    return new Promise((resolve, reject) => {
      let end: () => void = () => reject(signal.aborted ? new CoaxError('CANCELLED') : crashOf(undefined));
      const worker = new Worker(this.#entry, {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: youngMb },
      });
      const keeper = new GateKeeper(this.#gate, (order) => worker.postMessage(order));
      let killer: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        worker.postMessage({ type: 'cancel' } satisfies WorkerOrder);
        killer = setTimeout(() => void worker.terminate(), graceMs);
      };
      signal.addEventListener('abort', cancel, { once: true });
      worker.on('message', (raw: unknown) => {
        const checked = workerMessageSchema.safeParse(raw);
        if (!checked.success) {
          end = () => reject(crashOf(checked.error));
          return;
        }
        const message: WorkerMessage = checked.data;
        if (message.type === 'progress') progress(message.progress);
        else if (message.type === 'enter' || message.type === 'left') keeper.handle(message);
        else if (message.type === 'log') this.#log[message.level](message.message, message.fields);
        else if (message.type === 'done') end = () => resolve(message.outcome);
        else {
          if (message.stack !== undefined) this.#log.error('ingest worker failed', { stack: message.stack });
          end = () => reject(failureOf(message));
        }
      });
      worker.on('error', (error) => {
        end = () => reject(crashOf(error));
      });
      worker.on('exit', () => {
        clearTimeout(killer);
        keeper.close();
        signal.removeEventListener('abort', cancel);
        end();
      });
    });
  }
}
