import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ffmpegPlay, ffprobe, needFfmpeg } from '../support/players.ts';
import { type Rig, startRig } from '../support/rig.ts';

for (const ext of ['mkv', 'mp4'] as const) {
  describe(`a movie (${ext}) through the engine, on an account with one connection`, function () {
    this.timeout(90_000);
    let rig: Rig;
    before(async () => {
      rig = await startRig({ provider: { catalog: { movieExt: ext } } });
    });
    after(async () => rig?.[Symbol.asyncDispose]());
    beforeEach(async () => rig.clean());

    it('is probed, then played from the middle, and the provider refuses nothing', async function () {
      needFfmpeg(this);
      const url = await rig.engine.movieUrl();
      const probe = await ffprobe(url);
      expect(probe.errors).to.deep.equal([]);
      expect(Number(probe.format['duration'])).to.be.closeTo(672, 1);
      const play = await ffmpegPlay(url, { seek: 400, seconds: 4 });
      expect(play).to.deep.include({ errors: [], code: 0 });
      expect(play.videoFrames).to.be.within(90, 110);
      await rig.expectHeld();
    });

    it('is played in real time by a player that is killed in the middle', async function () {
      needFfmpeg(this);
      const url = await rig.engine.movieUrl();
      for (const seek of ['0', '300']) {
        const args = ['-nostdin', '-v', 'error', '-re', '-ss', seek, '-i', url, '-f', 'null', '-'];
        const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
        let said = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
        await sleep(1200);
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
        expect(said).to.equal('');
      }
      await rig.expectHeld();
    });

    it('answers whole, in part and conditionally, as files are answered', async () => {
      const url = await rig.engine.movieUrl();
      const part = await fetch(url, { headers: { range: 'bytes=100-199' } });
      expect(part.status).to.equal(206);
      const total = Number(/\/(\d+)$/.exec(part.headers.get('content-range') ?? '')?.[1]);
      expect(part.headers.get('content-range')).to.equal(`bytes 100-199/${total}`);
      expect((await part.arrayBuffer()).byteLength).to.equal(100);
      const head = await fetch(url, { method: 'HEAD' });
      expect(head.status).to.equal(200);
      expect(head.headers.get('content-length')).to.equal(String(total));
      expect(head.headers.get('accept-ranges')).to.equal('bytes');
      const etag = head.headers.get('etag') ?? part.headers.get('etag');
      if (etag !== null) {
        const same = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': etag } });
        expect(same.status).to.equal(206);
        await same.arrayBuffer();
      }
      const other = new AbortController();
      const changed = await fetch(url, {
        headers: { range: 'bytes=0-9', 'if-range': '"other"' },
        signal: other.signal,
      });
      expect(changed.status).to.equal(200);
      other.abort();
      await rig.expectHeld();
    });
  });
}

describe('episodes through the engine', function () {
  this.timeout(60_000);

  it('are listed by season and played', async function () {
    needFfmpeg(this);
    await using rig = await startRig();
    const series = await rig.engine.api<{ items: { id: string; title: string }[] }>('GET', '/series');
    expect(series.body.items.map((item) => item.title)).to.deep.equal(['Series 1', 'Series 2']);
    const episodes = await rig.engine.api<{ items: { id: string; ext: string; season: number }[] }>(
      'GET',
      `/series/${series.body.items[0]?.id}/episodes`,
    );
    expect(episodes.body.items).to.have.length(6);
    const { token } = await rig.engine.output();
    const [first] = episodes.body.items;
    const play = await ffmpegPlay(`${rig.engine.url}/o/${token}/episode/${first?.id}.${first?.ext}`, {
      seek: 100,
      seconds: 3,
    });
    expect(play).to.deep.include({ errors: [], code: 0 });
    await rig.expectHeld();
  });
});
