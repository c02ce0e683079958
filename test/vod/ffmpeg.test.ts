import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { StrictProvider } from './strict-provider.ts';
import { until, VodBench } from './vod-bench.ts';

function run(program: string, args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** 400 s of noise, so that the file is large enough for seeks to need ranges of their own. */
function makeMovie(path: string): void {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=5,noise=alls=60:allf=t', '-t', '400', '-c:v', 'mpeg4'];
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, '-qscale:v', '2', '-g', '25', path]);
}

describe(`VOD sessions and ffmpeg${needsFfmpeg}`, () => {
  let folder = '';
  const movies = new Map<string, Buffer>();

  before(function () {
    if (!hasFfmpeg) this.skip();
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'coax-vod-'));
    const mkv = join(folder, 'movie.mkv');
    makeMovie(mkv);
    movies.set('mkv', readFileSync(mkv));
    // The index of an mp4 stands at its end, which makes a probe seek.
    const mp4 = join(folder, 'movie.mp4');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', mkv, '-c', 'copy', mp4]);
    movies.set('mp4', readFileSync(mp4));
  });

  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  for (const ext of ['mkv', 'mp4']) {
    it(`probe and seek in an ${ext} on one connection, and the provider refuses nothing`, async () => {
      await using upstream = await new StrictProvider({ file: movies.get(ext)!, max: 1 }).start();
      await using vod = await new VodBench({ provider: upstream, file: { ext }, coolingFloorMs: 50 }).start();
      const url = `${vod.url}/anna/film`;
      const probe = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', url]);
      expect([probe.code, probe.err]).to.deep.equal([0, '']);
      expect(Number(probe.out)).to.be.closeTo(400, 1);
      const seek = ['-v', 'error', '-nostdin', '-ss', '300', '-i', url, '-frames:v', '1', '-f', 'rawvideo', '-'];
      const frame = await run('ffmpeg', seek);
      expect([frame.code, frame.err]).to.deep.equal([0, '']);
      expect(frame.out).to.have.length(160 * 90 * 1.5);
      await until(() => upstream.active === 0);
      expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
    });
  }

  it('decode a whole movie through a provider that cuts it off again and again', async () => {
    const file = movies.get('mkv')!;
    await using upstream = await new StrictProvider({ file, max: 1 }).start();
    upstream.behave = () => ({ dropAfter: Math.ceil(file.length / 4) });
    await using vod = await new VodBench({ provider: upstream }).start();
    const all = await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', `${vod.url}/anna/film`, '-f', 'null', '-']);
    expect([all.code, all.err]).to.deep.equal([0, '']);
    expect(upstream.requests.length).to.be.greaterThan(2);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('play the built-in movie without a lease', async () => {
    await using vod = await new VodBench({
      limits: [],
      file: { ext: 'ts', request: () => ({ kind: 'demo', clip: 'colours', durationSec: 64 }) },
    }).start();
    const url = `${vod.url}/anna/film`;
    const frame = await run('ffmpeg', [
      '-v',
      'error',
      '-nostdin',
      '-ss',
      '30',
      '-i',
      url,
      '-frames:v',
      '1',
      '-f',
      'null',
      '-',
    ]);
    expect([frame.code, frame.err]).to.deep.equal([0, '']);
    expect(vod.pool.leases()).to.have.length(0);
  });
});
