import { parentPort, workerData } from 'node:worker_threads';
import { createReader } from '../sources/factory.ts';
import { serveWorker } from './serve-worker.ts';

// The entry of the ingest worker thread. It is started by its address, never imported.
if (parentPort !== null)
  await serveWorker(parentPort, workerData, (source, { log, settings, gate }) =>
    createReader(source, { log, gate, silenceMs: settings.timeoutMs, maxBytes: settings.maxBytes }),
  );
