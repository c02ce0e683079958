import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as wait } from 'node:timers/promises';
import { CoaxError } from '../../src/errors.ts';
import { serveWorker } from '../../src/ingest/serve-worker.ts';
import { live } from '../catalog/items.ts';
import { type FakeProvider, fakeReader, programmes } from './fake-reader.ts';

// An ingest worker whose provider behaves as the name of the source says.
const providers: Readonly<Record<string, FakeProvider>> = {
  good: { live: [live('A'), live('B')] },
  failing: {
    beforeEnd: () => {
      throw new CoaxError('SOURCE_BUSY', 'The provider answers 503');
    },
  },
  crashing: {
    live: [live('A')],
    beforeEnd: () => {
      process.nextTick(() => {
        throw new Error('a bug');
      });
      return wait(10_000);
    },
  },
  waiting: { live: [live('A')], beforeEnd: (signal) => wait(60_000, undefined, { signal }) },
  /** Holds the thread and the write lock, whatever it is told. */
  stubborn: {
    live: [live('A'), live('B'), live('C')],
    programmes: programmes('a', Math.floor(Date.now() / 1000), 50_000),
    inGuide: () => {
      for (;;);
    },
  },
};

if (parentPort !== null) await serveWorker(parentPort, workerData, ({ name }) => fakeReader(providers[name] ?? {}));
