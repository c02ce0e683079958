import { constants } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { openCatalogFile } from '../catalog/catalog.ts';
import type { JobProgress } from '../catalog/contract.ts';
import { removeSources, sweep } from '../catalog/source-removal.ts';
import type { SourceConfig } from '../config/schema.ts';
import { toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { SourceId } from '../model/ids.ts';
import type { SourceReader } from '../sources/contract.ts';
import type { ListGate } from '../sources/provider-client.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { FarGate } from './far-gate.ts';
import type { RefreshOutcome } from './outcome.ts';
import { runRefresh } from './refresh-run.ts';
import {
  type IngestSettings,
  type RefreshTask,
  type WorkerMessage,
  workerOrderSchema,
  type WorkerTask,
  workerTaskSchema,
} from './worker-messages.ts';

const progressEveryMs = 200;

/** How the worker comes to a reader; the composition of sources/ in production, a fake in tests. */
export type MakeReader = (
  source: SourceConfig,
  deps: { readonly log: Log; readonly settings: IngestSettings; readonly gate: ListGate },
) => SourceReader;

/** A log whose lines are written by the main thread, which also redacts them. */
function logTo(tell: (message: WorkerMessage) => void, bound: Readonly<Record<string, unknown>> = {}): Log {
  const line =
    (level: 'error' | 'warn' | 'info' | 'debug'): Log['info'] =>
    (message, fields) => {
      // Only what JSON can say crosses over: an error, for one, can not be cloned with its fields.
      const plain = JSON.parse(JSON.stringify({ ...bound, ...fields })) as Record<string, unknown>;
      tell({ type: 'log', level, message, fields: plain });
    };
  return {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    child: (fields) => logTo(tell, { ...bound, ...fields }),
  };
}

/** Tells a stage when it changes, and how far it is a few times a second. */
function throttled(tell: (progress: JobProgress) => void): (progress: JobProgress) => void {
  let stage = '';
  let next = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.stage === stage && now < next) return;
    stage = progress.stage;
    next = now + progressEveryMs;
    tell(progress);
  };
}

async function refresh(
  task: RefreshTask,
  makeReader: MakeReader,
  signal: AbortSignal,
  tell: (message: WorkerMessage) => void,
  gate: ListGate,
): Promise<RefreshOutcome> {
  const { source, settings } = task;
  using database = openCatalogFile(task.catalogPath);
  return await runRefresh({
    database,
    stagingPath: task.stagingPath,
    sourceId: source.id as SourceId,
    reader: makeReader(source, { log: logTo(tell, { source: source.id }), settings, gate }),
    ...(task.parts === undefined ? {} : { parts: task.parts }),
    settings,
    signal,
    progress: throttled((progress) => tell({ type: 'progress', progress })),
    now: task.now,
  });
}

function work(
  task: WorkerTask,
  makeReader: MakeReader,
  signal: AbortSignal,
  tell: (message: WorkerMessage) => void,
  gate: ListGate,
): Promise<RefreshOutcome | null> {
  if (task.kind === 'refresh') return refresh(task, makeReader, signal, tell, gate);
  using database = openCatalogFile(task.catalogPath);
  if (task.kind === 'sweep') sweep(database, task.configured);
  else removeSources(database, task.sourceIds);
  return Promise.resolve(null);
}

/** The whole life of an ingest worker: one task, then the last message. `data` is checked, as it crosses a border. */
export async function serveWorker(port: MessagePort, data: unknown, makeReader: MakeReader): Promise<void> {
  lowerThreadPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const controller = new AbortController();
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  const gate = new FarGate(tell);
  port.on('message', (message: unknown) => {
    const order = workerOrderSchema.safeParse(message);
    if (order.data?.type === 'cancel') controller.abort();
    if (order.data?.type === 'gate') gate.answered(order.data);
  });
  try {
    const outcome = await work(workerTaskSchema.parse(data), makeReader, controller.signal, tell, gate);
    tell({ type: 'done', outcome: outcome });
  } catch (error) {
    const known = toCoaxError(error);
    tell({
      type: 'failed',
      code: known.code,
      message: known.message,
      ...(known.code === 'INTERNAL' && error instanceof Error && { stack: error.stack ?? error.message }),
    });
  } finally {
    port.close();
  }
}
