import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LeaseAuditor, type MismatchKind } from '../../src/accounts/auditor.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { Log } from '../../src/log/log.ts';
import { silentLog } from '../../src/log/log.ts';
import type { SessionId } from '../../src/model/ids.ts';
import { account, FakeSession, FakeSocket, viewer } from './fake-session.ts';

describe('the lease auditor', () => {
  let clock: SinonFakeTimers;
  let pool: LeasePool;
  let sessions: Set<SessionId>;
  let sockets: FakeSocket[];
  let healed: MismatchKind[];
  let lines: string[];
  let auditor: LeaseAuditor;

  beforeEach(() => {
    clock = useFakeTimers();
    pool = new LeasePool({ waitMs: 12_000, coolingFloorMs: 50, coolingCapMs: 30_000 });
    pool.setAccounts([account('a', 2)]);
    sessions = new Set();
    sockets = [];
    healed = [];
    lines = [];
    const log: Log = { ...silentLog, warn: (message) => lines.push(message) };
    auditor = new LeaseAuditor({
      leases: () => pool.leases(),
      sessions: () => sessions,
      sockets: () => sockets,
      log,
      onMismatch: (kind) => healed.push(kind),
      intervalMs: 10_000,
    });
  });
  afterEach(() => {
    auditor.stop();
    clock.restore();
  });

  function tune(socket = new FakeSocket()) {
    const session = new FakeSession('1', viewer('ann'));
    const lease = pool.tryAcquire(session.request(['a']))!;
    lease.connecting();
    lease.attach(socket);
    sessions.add(session.sessionId);
    sockets.push(socket);
    return { lease, session, socket };
  }

  it('finds nothing wrong with a stream that runs', () => {
    tune();
    expect(auditor.audit()).to.deep.equal([]);
  });

  it('ends a lease whose session is gone, at the second sight', () => {
    const { lease } = tune();
    sessions.clear();
    expect(auditor.audit()).to.deep.equal([{ kind: 'holder-gone', leaseId: lease.id, accountId: 'a', sessionId: '1' }]);
    expect(auditor.run()).to.deep.equal([]);
    expect(lease.state).to.equal('open');
    auditor.run();
    expect(lease.state).to.equal('closing');
    expect(healed).to.deep.equal(['holder-gone']);
    expect(lines).to.have.length(1);
  });

  it('forgets what was right again in between', () => {
    const { lease, session } = tune();
    sessions.clear();
    auditor.run();
    sessions.add(session.sessionId);
    auditor.run();
    sessions.clear();
    auditor.run();
    expect(lease.state).to.equal('open');
    expect(healed).to.deep.equal([]);
  });

  it('drops a socket that has closed without a word', () => {
    const { lease, socket } = tune();
    socket.closed = true;
    auditor.run();
    expect(auditor.run().map(({ kind }) => kind)).to.deep.equal(['silent-socket']);
    expect(lease.state).to.equal('granted');
    expect(auditor.audit()).to.deep.equal([]);
  });

  it('does not tell of a socket that closes at this moment, but of one that stays silent', async () => {
    const { lease, socket } = tune();
    socket.closed = true;
    expect(auditor.audit()).to.deep.equal([]);
    await clock.tickAsync(1_000);
    expect(auditor.audit()).to.deep.equal([
      { kind: 'silent-socket', leaseId: lease.id, accountId: 'a', sessionId: '1' },
    ]);
  });

  it('destroys a socket that belongs to no lease', () => {
    const stray = new FakeSocket();
    sockets.push(stray);
    auditor.run();
    expect(stray.destroyed).to.equal(false);
    expect(auditor.run()).to.deep.equal([{ kind: 'unleased-socket' }]);
    expect(stray.destroyed).to.equal(true);
  });

  it('looks by itself once it is started', async () => {
    const { lease } = tune();
    sessions.clear();
    auditor.start();
    await clock.tickAsync(20_100);
    expect(lease.state).to.equal('released');
  });
});
