import { parentPort, workerData } from 'node:worker_threads';
import { createReader } from '../sources/factory.ts';
import { serveWorker } from './serve-worker.ts';

/** The entry of an ingest worker: one task, then it ends. */
if (parentPort !== null) {
  await serveWorker(parentPort, workerData, (source, { log, settings }) =>
    createReader(source, { log, silenceMs: settings.timeoutMs, maxBytes: settings.maxBytes }),
  );
}
