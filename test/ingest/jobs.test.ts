import { expect } from 'chai';
import type { Job, JobProgress } from '../../src/catalog/contract.ts';
import { CoaxError } from '../../src/errors.ts';
import { Jobs } from '../../src/ingest/jobs.ts';
import type { RefreshOutcome } from '../../src/ingest/outcome.ts';
import { silentLog } from '../../src/log/log.ts';
import type { JobId, SourceId } from '../../src/model/ids.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';

const fine: RefreshOutcome = { counts: { channels: 3 }, published: true, problems: [], rejects: [], rejectCount: 0 };

/** Jobs over runs that the test ends. */
class Bench {
  readonly temp = new TempCatalog();
  readonly runs = new Map<
    SourceId,
    {
      readonly end: (outcome: RefreshOutcome) => void;
      readonly fail: (error: unknown) => void;
      progress: (now: JobProgress) => void;
    }
  >();
  readonly jobs = new Jobs({
    run: (sourceId, { signal, progress }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new CoaxError('CANCELLED')));
        this.runs.set(sourceId, { end: resolve, fail: reject, progress });
      }),
    history: this.temp.catalog.jobs,
    log: silentLog,
  });

  refresh(source: string): Job {
    return this.jobs.refresh(source as SourceId);
  }

  async end(source: string, outcome: RefreshOutcome | CoaxError = fine): Promise<Job | null> {
    const ended = this.jobs.ended(source as SourceId);
    const run = this.runs.get(source as SourceId);
    if (outcome instanceof CoaxError) run?.fail(outcome);
    else run?.end(outcome);
    return ended;
  }

  [Symbol.dispose](): void {
    this.temp[Symbol.dispose]();
  }
}

describe('Jobs', () => {
  it('runs one refresh of a source at a time, and answers with the running one', () => {
    using bench = new Bench();
    bench.jobs.start();
    const first = bench.refresh('a');
    expect([first.state, bench.refresh('a').id]).to.deep.equal(['running', first.id]);
  });

  it('runs two at once and the others in order', async () => {
    using bench = new Bench();
    bench.jobs.start();
    for (const source of ['a', 'b', 'c', 'd']) bench.refresh(source);
    const states = () => bench.jobs.list().map(({ sourceId, state }) => `${sourceId} ${state}`);
    expect(states()).to.deep.equal(['a running', 'b running', 'c queued', 'd queued']);
    await bench.end('b');
    expect(states()).to.deep.equal(['a running', 'c running', 'd queued', 'b succeeded']);
  });

  it('lets all wait until it is started', () => {
    using bench = new Bench();
    expect(bench.refresh('a').state).to.equal('queued');
    bench.jobs.start();
    expect(bench.jobs.list().map(({ state }) => state)).to.deep.equal(['running']);
  });

  it('tells each state and progress', async () => {
    using bench = new Bench();
    bench.jobs.start();
    const seen: string[] = [];
    const unlisten = bench.jobs.onChange(({ state, progress }) => seen.push(`${state} ${progress.stage}`));
    bench.refresh('a');
    bench.runs.get('a' as SourceId)?.progress({ stage: 'channels', done: 1, total: 2 });
    await bench.end('a');
    unlisten();
    bench.refresh('a');
    expect(seen).to.deep.equal(['queued queued', 'running start', 'running channels', 'succeeded channels']);
  });

  it('keeps what came of a job', async () => {
    using bench = new Bench();
    bench.jobs.start();
    const { id } = bench.refresh('a');
    await bench.end('a');
    expect(bench.jobs.get(id)).to.deep.include({ state: 'succeeded', counts: { channels: 3 }, error: null });
    expect(bench.jobs.get('j-none' as JobId)).to.equal(null);
  });

  it('can be asked for a job that ended while the file was busy', async () => {
    using bench = new Bench();
    bench.jobs.start();
    const { id } = bench.refresh('a');
    bench.temp.worker.exec('BEGIN IMMEDIATE');
    await bench.end('a');
    expect([bench.jobs.get(id)?.state, bench.jobs.list().length]).to.deep.equal(['succeeded', 1]);
    bench.temp.worker.exec('COMMIT');
  });

  for (const [what, outcome, state, code] of [
    ['an error', new CoaxError('SOURCE_BUSY', 'The provider answers 503'), 'failed', 'SOURCE_BUSY'],
    [
      'nothing published',
      { ...fine, published: false, problems: [{ part: 'live', code: 'SOURCE_SHRUNK', message: '3 of 40' }] },
      'failed',
      'SOURCE_SHRUNK',
    ],
    [
      'a problem beside what was published',
      { ...fine, problems: [{ part: 'guide', code: 'SOURCE_BUSY', message: '503' }] },
      'succeeded',
      undefined,
    ],
  ] satisfies readonly (readonly [string, RefreshOutcome | CoaxError, string, string | undefined])[])
    it(`ends as ${state} with ${what}`, async () => {
      using bench = new Bench();
      bench.jobs.start();
      bench.refresh('a');
      const job = await bench.end('a', outcome);
      expect([job?.state, job?.error?.code]).to.deep.equal([state, code]);
    });

  it('cancels a waiting job at once and a running one when it has stopped', async () => {
    using bench = new Bench();
    bench.jobs.start();
    const [first, , third] = ['a', 'b', 'c'].map((source) => bench.refresh(source));
    const ended = bench.jobs.ended('a' as SourceId);
    expect(third !== undefined && bench.jobs.cancel(third.id)).to.equal(true);
    expect(bench.jobs.get(third?.id ?? ('' as JobId))?.state).to.equal('cancelled');
    expect(first !== undefined && bench.jobs.cancel(first.id)).to.equal(true);
    expect((await ended)?.state).to.equal('cancelled');
    expect(bench.jobs.cancel(first?.id ?? ('' as JobId))).to.equal(false);
  });

  it('has nothing left when it has stopped', async () => {
    using bench = new Bench();
    bench.jobs.start();
    for (const source of ['a', 'b', 'c']) bench.refresh(source);
    await bench.jobs.stop();
    expect(bench.jobs.list().map(({ state }) => state)).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
  });

  it('keeps a bounded history, newest first', async () => {
    using bench = new Bench();
    for (let at = 1; at <= 205; at++) {
      const job = { id: `j${at}`, endedAt: at, createdAt: at } as unknown as Job;
      await bench.temp.catalog.jobs.save(job);
    }
    const kept = bench.jobs.list().map(({ id }) => id);
    expect([kept.length, kept[0], kept.at(-1)]).to.deep.equal([200, 'j205', 'j6']);
  });

  it('makes one of all of a refresh of the guide that waits, when all is asked for', () => {
    using bench = new Bench();
    const { id } = bench.jobs.refresh('a' as SourceId, 'guide');
    expect(bench.jobs.get(id)?.parts).to.equal('guide');
    expect(bench.jobs.refresh('a' as SourceId, 'all')).to.include({ id, parts: 'all' });
    expect(bench.jobs.refresh('a' as SourceId, 'guide')).to.include({ id, parts: 'all' });
  });
});
