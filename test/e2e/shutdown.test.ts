import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { startEngine } from '../support/engine.ts';
import { startFakeProvider } from '../support/start-fake-provider.ts';
import { startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('the end of the engine', function () {
  this.timeout(40_000);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} ends every stream in order, within 5 s`, async () => {
      await using rig = await startRig({ provider: { max: 3 } });
      using live = await rig.watch(1, 'viewer-a');
      using other = await rig.watch(2, 'viewer-b');
      using movie = await rig.movie('bytes=0-', 'viewer-c');
      for (const client of [live, other, movie]) await client.read(100_000);
      movie.stopReading();
      void live.readFor(10_000).catch(() => undefined);
      const ended = await rig.engine.end(signal);
      expect(ended).to.include({ code: 0, signal: null });
      expect(ended.ms).to.be.lessThan(5000);
      const state = await rig.provider.quiet(5000);
      expect(state.refused).to.equal(0);
      await waitUntil('the viewer is told', () => live.ended, 5000);
    });
  }

  it('a second signal does not wait', async () => {
    await using rig = await startRig();
    using client = await rig.watch(1);
    await client.read(188);
    client.stopReading();
    const exited = once(rig.engine.child, 'exit');
    rig.engine.child.kill('SIGTERM');
    rig.engine.child.kill('SIGINT');
    const startedAt = performance.now();
    await exited;
    // Without the second it would be 4.5 s, for the player takes nothing more.
    expect(performance.now() - startedAt).to.be.lessThan(3000);
    expect((await rig.provider.quiet(5000)).counted).to.equal(0);
  });

  it('it ends when its lifeline does', async () => {
    await using rig = await startRig();
    using client = await rig.watch(1);
    await client.read(188);
    const exited = once(rig.engine.child, 'exit', { signal: AbortSignal.timeout(6000) });
    rig.engine.child.stdin?.end();
    const [code] = (await exited) as [number];
    expect(code).to.equal(0);
    expect((await rig.provider.quiet(5000)).counted).to.equal(0);
  });

  it('17: after a kill -9 nothing is held, and a new engine on the same folder plays at once', async () => {
    await using rig = await startRig();
    using client = await rig.watch(1);
    await client.read(188);
    await rig.engine.end('SIGKILL');
    expect((await rig.provider.quiet(5000)).counted).to.equal(0);
    const { engine, provider } = rig;
    await using again = await startEngine({ dataDir: engine.dataDir });
    const url = await again.liveUrl('Channel 1');
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    expect(answer.status).to.equal(200);
    await answer.body?.cancel();
    expect(await again.end()).to.include({ code: 0 });
    expect(await provider.quiet()).to.include({ refused: 0, peak: 1 });
  });

  it('a refresh that runs does not hold it up, and the catalogue stays good', async () => {
    await using provider = await startFakeProvider({ catalog: { channels: 3000 }, guide: { channels: 20 } });
    await using engine = await startEngine({ demo: false });
    const { username, password } = provider.login;
    const id = await engine.addSource({ kind: 'xtream', name: 'Big', url: provider.url, username, password });
    await provider.set({ api: { delayMs: 1500 } });
    await engine.api('POST', `/sources/${id}/refresh`);
    await sleep(300);
    const ended = await engine.end();
    expect(ended).to.include({ code: 0 });
    expect(ended.ms).to.be.lessThan(5000);
    await using again = await startEngine({ dataDir: engine.dataDir });
    const { body } = await again.api<{ total: number }>('GET', '/channels?limit=1');
    expect(body.total).to.equal(3000);
  });
});
