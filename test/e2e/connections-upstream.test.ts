import { expect } from 'chai';
import { programNumberOf } from '../support/fake-provider/live-loop.ts';
import type { Fault } from '../support/fake-provider/settings.ts';
import type { RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Gives up early, so that what fails for good is told soon. */
const impatient = { ...quickSettings, live: { ...quickSettings.live, startMs: 2500 }, accounts: { waitMs: 2500 } };

describe('connections: providers that misbehave (numbers are those of the scenarios)', function () {
  this.timeout(40_000);
  let rig: Rig;
  before(async () => {
    rig = await startRig({ engine: { settings: impatient } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  const bad: readonly (readonly [string, Fault])[] = [
    ['404', { status: 404 }],
    ['500', { status: 500 }],
    ['403', { status: 403, body: '<html>Forbidden</html>' }],
    ['an error page with 200', { status: 200, body: '<html><body>Your account has expired</body></html>' }],
    ['text that calls itself video', { status: 200, body: 'max connections reached', contentType: 'video/mp2t' }],
    ['an empty body', { empty: true }],
    ['a reset before the answer', { reset: true }],
  ];
  for (const [what, fault] of bad) {
    it(`10: ${what} is answered with a reason and never relayed`, async () => {
      await rig.provider.faults({ kind: 'live', ...fault });
      using client = await rig.watch(1);
      const head = await client.head(30_000);
      expect(head.status).to.be.within(500, 504);
      expect(head.headers['content-type']).to.contain('application/problem+json');
      const body = (await client.read(10_000)).toString();
      expect(JSON.parse(body))
        .to.have.property('code')
        .that.matches(/^UPSTREAM_|^NO_/);
      expect(body).to.not.contain(rig.provider.login.password);
      const state = await rig.quiet();
      expect(state.peak).to.equal(1);
      expect(state.refused).to.equal(0);
    });
  }

  it('10: what fails once is tried again before the viewer hears of it', async () => {
    await rig.provider.faults({ kind: 'live', status: 502, times: 1 });
    using client = await rig.watch(1);
    expect((await client.head()).status).to.equal(200);
    expect(programNumberOf(await client.read(188 * 20))).to.equal(1);
    client.close();
    expect((await rig.expectHeld()).opened).to.equal(2);
  });

  for (const [row, what, fault] of [
    ['11', 'stops sending', { stallAfterBytes: 900_000, times: 1 }],
    ['12', 'ends', { endAfterBytes: 900_000, times: 1 }],
    ['12', 'resets', { resetAfterBytes: 900_000, times: 1 }],
  ] as const) {
    it(`${row}: a provider that ${what} in the middle is opened anew, and the stream goes on without a break`, async () => {
      await rig.provider.faults({ kind: 'live', ...fault });
      using client = await rig.watch(1);
      const bytes = await client.read(2_000_000, 30_000);
      expect(bytes.length).to.equal(2_000_000);
      const report = checkTs(bytes);
      expect(report.aligned).to.equal(true);
      expect(report.continuityErrors).to.deep.equal([]);
      expect(report.timeJumps).to.deep.equal([]);
      client.close();
      expect((await rig.expectHeld()).opened).to.equal(2);
    });
  }

  it('13: when the edge server drops the stream, a new token is asked from the panel', async () => {
    await rig.provider.set({ redirects: 1 });
    using client = await rig.watch(1);
    await client.read(300_000);
    expect(await rig.provider.cut('reset')).to.equal(1);
    expect((await client.read(600_000, 20_000)).length).to.equal(600_000);
    client.close();
    const state = await rig.expectHeld();
    expect(state.tokenReuses).to.equal(0);
    expect(state.opened).to.equal(2);
  });

  it('13: several redirects lead to one counted connection', async () => {
    await rig.provider.set({ redirects: 3 });
    using client = await rig.watch(1);
    expect(programNumberOf(await client.read(188 * 20))).to.equal(1);
    client.close();
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  it('13: an edge server that is dead is answered with a reason', async () => {
    await rig.provider.set({ redirects: 1, edgeDead: true });
    using client = await rig.watch(1);
    expect((await client.head(30_000)).status).to.be.within(500, 504);
    await rig.expectHeld();
  });

  it('15: no idle connection is left at the provider', async () => {
    using client = await rig.watch(1);
    await client.read(100_000);
    client.close();
    using part = await rig.movie('bytes=0-99999');
    expect((await part.read(200_000)).length).to.equal(100_000);
    part.close();
    await rig.expectHeld();
    await waitUntil(
      'the provider has no socket at all',
      async () => (await rig.provider.state(true)).sockets === 0,
      8000,
    );
  });

  it('19: a provider that counts closed connections on for a while costs waiting, never an error', async () => {
    await using slow = await startRig({ provider: { max: 1, releaseDelayMs: 900 } });
    const took: number[] = [];
    let refusedBefore = 0;
    const refusals: number[] = [];
    const clients: RawClient[] = [];
    for (const number of [1, 2, 3, 4]) {
      const startedAt = performance.now();
      const client = await slow.watch(number);
      clients.push(client);
      expect((await client.head(20_000)).status, `channel ${number}`).to.equal(200);
      expect(programNumberOf(await client.read(188 * 20))).to.equal(number);
      took.push(performance.now() - startedAt);
      const { refused } = await slow.provider.state(true);
      refusals.push(refused - refusedBefore);
      refusedBefore = refused;
    }
    expect(Math.max(...took)).to.be.lessThan(6000);
    // What it has learned: the last zap is refused less often than the first.
    expect(refusals.at(-1)).to.be.at.most(1);
    for (const client of clients) client.close();
    const state = await slow.quiet(20_000);
    expect(state.peak).to.equal(1);
  });

  it('22: a channel goes on with the second login when the first one fails', async () => {
    const logins = [
      { username: 'first', password: 'first-secret-1', maxConnections: 1 },
      { username: 'second', password: 'second-secret-2', maxConnections: 1 },
    ];
    await using two = await startRig({
      provider: { logins, faults: [{ kind: 'live', username: 'first', status: 404 }] },
    });
    using client = await two.watch(1);
    expect((await client.head(20_000)).status).to.equal(200);
    expect(programNumberOf(await client.read(188 * 20))).to.equal(1);
    client.close();
    const state = await two.quiet();
    for (const login of state.logins) expect(login).to.include({ refused: 0, peak: 1 });
  });

  it('22: two viewers use two logins, and a third waits', async () => {
    const logins = [
      { username: 'first', password: 'first-secret-1', maxConnections: 1 },
      { username: 'second', password: 'second-secret-2', maxConnections: 1 },
    ];
    await using two = await startRig({ provider: { logins } });
    using one = await two.watch(1, 'viewer-a');
    using other = await two.watch(2, 'viewer-b');
    expect(programNumberOf(await one.read(188 * 20))).to.equal(1);
    expect(programNumberOf(await other.read(188 * 20))).to.equal(2);
    using third = await two.watch(3, 'viewer-c');
    await waitUntil('the third waits', async () => (await two.accounts()).some((account) => account.waiters > 0));
    one.close();
    expect(programNumberOf(await third.read(188 * 20))).to.equal(3);
    for (const client of [other, third]) client.close();
    const state = await two.quiet();
    for (const login of state.logins) expect(login).to.include({ refused: 0, peak: 1 });
  });

  for (const refusal of ['403', 'text'] as const) {
    it(`26: a login that another app uses is told as busy (${refusal}), and plays once that app has stopped`, async () => {
      const login = { username: 'shared', password: 'shared-secret-1', maxConnections: 1 };
      const settings = { ...impatient, accounts: { waitMs: 15_000 } };
      await using other = await startRig({ provider: { logins: [login], refusal }, engine: { settings } });
      await other.provider.set({ logins: [{ ...login, external: 1 }] });
      using refused = await other.watch(1);
      expect((await refused.head(20_000)).status).to.equal(503);
      await other.provider.set({ logins: [login] });
      using client = await other.watch(1);
      expect((await client.head(20_000)).status).to.equal(200);
      client.close();
      expect((await other.quiet()).peak).to.equal(1);
    });
  }

  it('26: what other apps use is known from a refresh on, before anybody tunes', async () => {
    const login = { username: 'shared', password: 'shared-secret-1', maxConnections: 2, external: 1 };
    await using other = await startRig({ provider: { logins: [login] } });
    await waitUntil('it is known', async () => (await other.accounts())[0]?.external === 1);
  });

  it('a slow start is waited for', async () => {
    await using patient = await startRig();
    await patient.provider.behave({ headDelayMs: 1000, firstByteDelayMs: 700 });
    using client = await patient.watch(1);
    expect(programNumberOf(await client.read(188 * 20))).to.equal(1);
    client.close();
    await patient.expectHeld();
  });
});
