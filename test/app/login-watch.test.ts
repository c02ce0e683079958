import { expect } from 'chai';
import sinon from 'sinon';
import { LoginWatch } from '../../src/app/login-watch.ts';
import { configSchema } from '../../src/config/schema.ts';
import { CoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, SourceId } from '../../src/model/ids.ts';
import type { LoginReport, SourceReader } from '../../src/sources/contract.ts';

const config = configSchema.parse({
  sources: [{ id: 's', kind: 'xtream', name: 'n', url: 'http://h', accounts: [{ id: 'a' }] }],
});

describe('LoginWatch', () => {
  let clock: sinon.SinonFakeTimers;
  let told: { id: SourceId; reports: readonly LoginReport[]; askedAt: number }[];
  let answer: (signal: AbortSignal) => Promise<readonly LoginReport[]>;
  let watch: LoginWatch;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['performance', 'Date'] });
    told = [];
    answer = () => Promise.resolve([{ ok: true, message: 'works', activeConnections: 2 }]);
    watch = new LoginWatch({
      config: () => config,
      readerOf: () => ({ test: (signal: AbortSignal) => answer(signal) }) as unknown as SourceReader,
      log: silentLog,
      onReports: (id, reports, askedAt) => told.push({ id, reports, askedAt }),
    });
  });
  afterEach(() => clock.restore());

  it('tells what the provider says, and when it was asked', async () => {
    clock.tick(500);
    const reports = await watch.test('s' as SourceId, new AbortController().signal);
    expect(reports[0]).to.include({ ok: true, activeConnections: 2 });
    expect(told).to.deep.equal([{ id: 's', reports, askedAt: 500 }]);
  });

  it('knows only configured sources', async () => {
    const error = await watch.test('x' as SourceId, new AbortController().signal).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CoaxError).with.property('code', 'NOT_FOUND');
  });

  it('asks a provider at most once in a while, however often somebody waits', async () => {
    for (let time = 0; time < 10; time += 1) watch.lookAt('a' as AccountId);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).to.have.length(1);
    clock.tick(2_500);
    watch.lookAt('a' as AccountId);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).to.have.length(2);
  });

  it('gives up when it is stopped', async () => {
    answer = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const asking = watch.test('s' as SourceId, new AbortController().signal).catch((reason: unknown) => reason);
    watch.stop();
    expect(await asking)
      .to.be.instanceOf(CoaxError)
      .with.property('code', 'SHUTTING_DOWN');
    expect(told).to.deep.equal([]);
  });
});
