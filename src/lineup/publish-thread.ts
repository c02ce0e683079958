import { Worker } from 'node:worker_threads';
import { CoaxError } from '../errors.ts';
import type { PublishOrder, PublishReply } from './publish-order.ts';

type WithoutId<Order> = Order extends unknown ? Omit<Order, 'id'> : never;

/** A worker thread that makes files, one order after the other. It is started with the first order, and anew after it was lost. */
export class PublishThread {
  readonly #entry: URL;
  readonly #name: string;
  readonly #orders = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  readonly #open = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | null = null;
  #nextOrder = 1;
  #closed = false;

  constructor(entry: URL, name: string) {
    this.#entry = entry;
    this.#name = name;
  }

  /** How many orders are open, for other threads to see. */
  get open(): SharedArrayBuffer {
    return this.#open.buffer;
  }

  /** Resolves when the files lie in their folder. INTERNAL when they could not be made, SHUTTING_DOWN after `close`. */
  make(order: WithoutId<PublishOrder>): Promise<void> {
    if (this.#closed) return Promise.reject(new CoaxError('SHUTTING_DOWN'));
    const id = this.#nextOrder;
    this.#nextOrder += 1;
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#orders.set(id, { resolve, reject });
      this.#show();
      worker.postMessage({ ...order, id } satisfies PublishOrder);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = null;
    this.#rejectAll(new CoaxError('SHUTTING_DOWN'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, { name: this.#name, stdin: false });
    worker.unref();
    worker.on('message', (reply: PublishReply) => {
      const order = this.#orders.get(reply.id);
      this.#orders.delete(reply.id);
      this.#show();
      if (reply.ok) order?.resolve();
      else order?.reject(unpublished(new Error(reply.message)));
    });
    const lost = (error?: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#rejectAll(unpublished(error));
    };
    worker.on('error', lost);
    worker.on('exit', () => lost());
    return worker;
  }

  #rejectAll(error: CoaxError): void {
    for (const { reject } of this.#orders.values()) reject(error);
    this.#orders.clear();
    this.#show();
  }

  #show(): void {
    Atomics.store(this.#open, 0, this.#orders.size);
  }
}

const unpublished = (cause: unknown): CoaxError =>
  new CoaxError('INTERNAL', 'The output could not be published', { cause });
