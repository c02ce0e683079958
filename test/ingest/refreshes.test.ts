import { expect } from 'chai';
import sinon from 'sinon';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { CoaxError } from '../../src/errors.ts';
import type { RefreshOutcome } from '../../src/ingest/outcome.ts';
import { Refreshes } from '../../src/ingest/refreshes.ts';
import type { WorkerTask } from '../../src/ingest/worker-messages.ts';
import { SourceStates } from '../../src/catalog/source-states.ts';
import type { SourceId } from '../../src/model/ids.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';
import { RecordingLog } from '../sources/recording-log.ts';
import { fakeReader } from './fake-reader.ts';

const fine: RefreshOutcome = { counts: {}, published: true, problems: [], rejects: [], rejectCount: 0 };
const hour = 3_600_000;
const source = (id: string, more: object = {}) => ({ id, kind: 'demo' as const, name: id, ...more });

/** Refreshes over a worker that answers at once, or as told. */
class Bench {
  readonly temp = new TempCatalog();
  readonly tasks: WorkerTask[] = [];
  readonly log = new RecordingLog();
  answer: (task: WorkerTask) => Promise<RefreshOutcome | null> = () => Promise.resolve(fine);
  current: Config;
  #listener: (config: Config, before: Config) => void = () => {};
  readonly refreshes: Refreshes;

  constructor(...sources: readonly object[]) {
    this.current = configSchema.parse({ sources });
    this.refreshes = new Refreshes({
      dataDir: this.temp.folder,
      catalogPath: this.temp.path,
      catalog: this.temp.catalog,
      config: this,
      workers: {
        run: (task, { signal }) => {
          this.tasks.push(task);
          const aborted = new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => reject(new CoaxError('CANCELLED')));
          });
          return task.kind === 'refresh' ? Promise.race([this.#refresh(task), aborted]) : Promise.resolve(null);
        },
      },
      readerOf: () => fakeReader({}),
      log: this.log,
      random: () => 0,
    });
  }

  async #refresh(task: Extract<WorkerTask, { kind: 'refresh' }>): Promise<RefreshOutcome | null> {
    const outcome = await this.answer(task);
    if (outcome?.published === true)
      await this.temp.catalog.submit((database) =>
        new SourceStates(database).succeeded(task.source.id as SourceId, 'live', Date.now(), 1, 0),
      );
    return outcome;
  }

  configure(...sources: readonly object[]): void {
    const before = this.current;
    this.current = configSchema.parse({ sources });
    this.#listener(this.current, before);
  }

  onChange(listener: (config: Config, before: Config) => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  get refreshed(): string[] {
    return this.tasks.flatMap((task) => (task.kind === 'refresh' ? [task.source.id] : []));
  }

  get parts(): (string | undefined)[] {
    return this.tasks.flatMap((task) => (task.kind === 'refresh' ? [task.parts] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refreshes.stop();
    this.temp[Symbol.dispose]();
  }
}

describe('Refreshes', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => clock.restore());

  it('tidies the catalogue before the first job, then refreshes what never was', async () => {
    await using bench = new Bench(source('a'), source('b', { enabled: false }), source('c', { refreshHours: 0 }));
    bench.refreshes.start();
    await clock.tickAsync(10);
    expect(bench.tasks.map(({ kind }) => kind)).to.deep.equal(['sweep', 'refresh']);
    expect(bench.refreshed).to.deep.equal(['a']);
  });

  it('refreshes again after the interval, and only then', async () => {
    await using bench = new Bench(source('a'));
    bench.refreshes.start();
    await clock.tickAsync(11.9 * hour);
    expect(bench.refreshed.length).to.equal(1);
    await clock.tickAsync(0.2 * hour);
    expect(bench.refreshed.length).to.equal(2);
  });

  it('catches up with missed refreshes once', async () => {
    await using bench = new Bench(source('a'));
    const long = Date.now() - 100 * hour;
    await bench.temp.catalog.submit((database) =>
      new SourceStates(database).succeeded('a' as SourceId, 'live', long, 1, 0),
    );
    bench.refreshes.start();
    await clock.tickAsync(hour);
    expect(bench.refreshed).to.deep.equal(['a']);
  });

  it('tries again with back-off while a source fails', async () => {
    await using bench = new Bench(source('a'));
    bench.answer = () => Promise.reject(new CoaxError('SOURCE_UNREACHABLE'));
    bench.refreshes.start();
    await clock.tickAsync(hour);
    // At once, after 5 and after 15 minutes more; the next is 45 minutes later.
    expect(bench.refreshed.length).to.equal(3);
  });

  it('does not start a cancelled refresh over and over', async () => {
    await using bench = new Bench(source('a'));
    bench.answer = () => new Promise(() => {});
    bench.refreshes.start();
    await clock.tickAsync(10);
    const job = bench.refreshes.jobs.list()[0];
    expect(job !== undefined && bench.refreshes.jobs.cancel(job.id)).to.equal(true);
    await clock.tickAsync(hour);
    expect(bench.refreshed.length).to.equal(1);
  });

  it('refreshes a source at once when it is new or its access changes, and not for its name', async () => {
    await using bench = new Bench(source('a'));
    bench.refreshes.start();
    await clock.tickAsync(10);
    bench.configure(source('a'), source('b'));
    await clock.tickAsync(10);
    bench.configure(source('a', { userAgent: 'VLC' }), source('b', { name: 'other' }));
    await clock.tickAsync(10);
    expect(bench.refreshed).to.deep.equal(['a', 'b', 'a']);
  });

  it('refreshes once more when the access changes during a refresh', async () => {
    await using bench = new Bench(source('a'));
    const { promise, resolve } = Promise.withResolvers<RefreshOutcome>();
    bench.answer = () => promise;
    bench.refreshes.start();
    await clock.tickAsync(10);
    bench.configure(source('a', { userAgent: 'VLC' }));
    await clock.tickAsync(10);
    expect(bench.refreshed.length).to.equal(1);
    resolve(fine);
    await clock.tickAsync(10);
    expect(bench.refreshed.length).to.equal(2);
  });

  it('answers with the running job, and refuses a source that is not there', async () => {
    await using bench = new Bench(source('a'));
    bench.answer = () => new Promise(() => {});
    bench.refreshes.start();
    await clock.tickAsync(10);
    expect(bench.refreshes.refresh('a' as SourceId)).to.equal(bench.refreshes.jobs.list()[0]?.id);
    expect(() => bench.refreshes.refresh('z' as SourceId))
      .to.throw()
      .with.property('code', 'NOT_FOUND');
  });

  it('removes the catalogue of a source that is not configured any more', async () => {
    await using bench = new Bench(source('a'), source('b'));
    bench.refreshes.start();
    await clock.tickAsync(10);
    bench.configure(source('b'));
    await clock.tickAsync(10);
    expect(bench.tasks.at(-1)).to.deep.include({ kind: 'remove', sourceIds: ['a'] });
  });

  it('cancels the job of a source that goes, then removes its catalogue', async () => {
    await using bench = new Bench(source('a'));
    bench.answer = () => new Promise(() => {});
    bench.refreshes.start();
    await clock.tickAsync(10);
    await bench.refreshes.forget('a' as SourceId);
    expect(bench.refreshes.jobs.list().map(({ state }) => state)).to.deep.equal(['cancelled']);
    expect(bench.tasks.at(-1)).to.deep.include({ kind: 'remove', sourceIds: ['a'] });
  });

  it('tells once of a damaged catalogue, and goes on when it can be read again', async () => {
    await using bench = new Bench(source('a'));
    const read = sinon.stub(bench.temp.catalog, 'sourceState').throws(new CoaxError('CATALOG_DAMAGED'));
    bench.refreshes.start();
    await clock.tickAsync(2 * hour);
    bench.configure(source('a'));
    bench.configure();
    bench.configure(source('a', { enabled: false }));
    bench.configure(source('a', { enabled: false, name: 'other' }));
    await clock.tickAsync(10);
    const told = bench.log.lines.filter((line) => line.startsWith('error'));
    expect(told).to.have.lengthOf(1);
    expect(told[0]).to.include('CATALOG_DAMAGED').and.to.include('Restore a backup');
    read.restore();
    expect(bench.refreshed).to.deep.equal([]);
    bench.current = configSchema.parse({ sources: [source('a')] });
    await clock.tickAsync(0.3 * hour);
    expect(bench.refreshed).to.deep.equal(['a']);
  });

  it('reads the guide alone when asked to, and does not put the lists off by that', async () => {
    await using bench = new Bench(source('a', { refreshHours: 12 }));
    bench.refreshes.start();
    await clock.tickAsync(60_000);
    const due = bench.refreshes.nextRefreshAt('a' as SourceId);
    await clock.tickAsync(6 * hour);
    bench.answer = async (task) => {
      if (task.kind !== 'refresh') return null;
      await bench.temp.catalog.submit((database) =>
        new SourceStates(database).succeeded('a' as SourceId, 'guide', Date.now(), 1, 0),
      );
      return { ...fine, published: false };
    };
    bench.refreshes.refresh('a' as SourceId, 'guide');
    await clock.tickAsync(10);
    expect(bench.parts).to.deep.equal(['all', 'guide']);
    expect(bench.refreshes.nextRefreshAt('a' as SourceId)).to.equal(due);
    expect(bench.refreshes.jobs.list()[0]).to.include({ state: 'succeeded', parts: 'guide' });
  });

  it('reads all of a source that was never read, although only its guide is asked for', async () => {
    await using bench = new Bench(source('a', { refreshHours: 0 }));
    bench.refreshes.start();
    await clock.tickAsync(10);
    bench.refreshes.refresh('a' as SourceId, 'guide');
    await clock.tickAsync(10);
    expect(bench.parts).to.deep.equal(['all']);
  });

  it('lets a refresh of all follow one of the guide that runs when it is asked for', async () => {
    await using bench = new Bench(source('a'));
    bench.refreshes.start();
    await clock.tickAsync(60_000);
    const { promise, resolve } = Promise.withResolvers<RefreshOutcome>();
    bench.answer = (task) => (task.kind === 'refresh' && task.parts === 'guide' ? promise : Promise.resolve(fine));
    const running = bench.refreshes.refresh('a' as SourceId, 'guide');
    await clock.tickAsync(10);
    expect(bench.refreshes.refresh('a' as SourceId, 'guide')).to.equal(running);
    expect(bench.refreshes.refresh('a' as SourceId)).to.equal(running);
    resolve(fine);
    await clock.tickAsync(10);
    expect(bench.parts).to.deep.equal(['all', 'guide', 'all']);
  });
});
