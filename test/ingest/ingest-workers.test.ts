import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import type { JobProgress } from '../../src/catalog/contract.ts';
import { settingsSchema } from '../../src/config/settings-schema.ts';
import { sourceSchema } from '../../src/config/source-schema.ts';
import type { CoaxError } from '../../src/errors.ts';
import { IngestWorkers } from '../../src/ingest/ingest-workers.ts';
import { silentLog } from '../../src/log/log.ts';
import { home } from '../catalog/items.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';

const entry = new URL('./threaded-reader.ts', import.meta.url);
const workers = new IngestWorkers({ entry, log: silentLog });

function run(temp: TempCatalog, name: string, signal = new AbortController().signal, seen: JobProgress[] = []) {
  return workers.run(
    {
      kind: 'refresh',
      catalogPath: temp.path,
      stagingPath: join(temp.folder, 'staging.db'),
      source: sourceSchema.parse({ id: home, kind: 'demo', name }),
      settings: settingsSchema.parse({}).ingest,
      now: Date.now(),
    },
    { signal, progress: (progress) => seen.push(progress) },
  );
}

const codeOf = (error: CoaxError): string => error.code;

describe('IngestWorkers', function () {
  it('runs a refresh in a thread and tells its progress', async () => {
    using temp = new TempCatalog();
    const seen: JobProgress[] = [];
    const outcome = await run(temp, 'good', undefined, seen);
    expect(outcome?.counts.channels).to.equal(2);
    expect(seen.map(({ stage }) => stage)).to.include.members(['login', 'channels', 'publish live']);
    expect(temp.catalog.channels.list({}).total).to.equal(2);
  });

  it('passes on why a refresh failed', async () => {
    using temp = new TempCatalog();
    expect(await run(temp, 'failing').catch(codeOf)).to.equal('SOURCE_BUSY');
  });

  it('survives a worker that crashes', async () => {
    using temp = new TempCatalog();
    expect(await run(temp, 'crashing').catch(codeOf)).to.equal('INTERNAL');
    expect((await run(temp, 'good'))?.counts.channels).to.equal(2);
  });

  it('lets a worker stop by itself when it is cancelled', async () => {
    using temp = new TempCatalog();
    const controller = new AbortController();
    const seen: JobProgress[] = [];
    const running = run(temp, 'waiting', controller.signal, seen);
    while (!seen.some(({ stage }) => stage === 'channels')) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    expect(await running.catch(codeOf)).to.equal('CANCELLED');
    expect(temp.catalog.channels.list({}).total).to.equal(0);
  });

  it('ends a worker that does not stop, and the catalogue stays usable and as it was', async () => {
    using temp = new TempCatalog();
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await run(temp, 'good');
      const controller = new AbortController();
      const seen: JobProgress[] = [];
      const running = run(temp, 'stubborn', controller.signal, seen);
      while (temp.catalog.channels.list({}).total !== 3) await new Promise((resolve) => setImmediate(resolve));
      const guide = temp.catalog.generation.guide;
      controller.abort();
      clock.tick(3_000);
      expect(await running.catch(codeOf)).to.equal('CANCELLED');
      expect(temp.catalog.generation.guide).to.equal(guide);
      const writing = temp.catalog.submit((database) => database.sql('SELECT 1 AS one').get());
      expect({ ...(await writing) }).to.deep.equal({ one: 1 });
    } finally {
      clock.restore();
    }
    expect((await run(temp, 'good'))?.counts.channels).to.equal(2);
    await workers.run(
      { kind: 'sweep', catalogPath: temp.path, configured: [] },
      { signal: new AbortController().signal, progress: () => {} },
    );
    const tables = temp.worker.sql("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'programme%'").get();
    expect([{ ...tables }, temp.catalog.channels.list({}).total]).to.deep.equal([{ n: 0 }, 0]);
  });
});
