import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { silentLog } from '../../src/log/log.ts';
import { findFfprobe } from '../../src/probe/ffprobe-binary.ts';
import { Ffprobe } from '../../src/probe/ffprobe.ts';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { waitUntil } from '../support/wait-until.ts';

const clipPath = join(import.meta.dirname, '../../src/sources/demo/clips/bars.mpegts');
const never = new AbortController().signal;
const answer = '{"streams":[{"codec_type":"audio","codec_name":"mp2","channels":2,"sample_rate":"48000"}],"format":{}}';

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('ffprobe', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-probe-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  /** A shell script that stands in for ffprobe. */
  async function fake(name: string, body: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  }

  describe('Ffprobe', () => {
    it(`reads the codec facts of a stream by stdin${needsFfmpeg}`, async function () {
      if (!hasFfmpeg) this.skip();
      const facts = await new Ffprobe('ffprobe').probeByStdin(await readFile(clipPath), { signal: never });
      expect(facts).to.deep.include({ container: 'mpegts', by: 'ffprobe' });
      expect(facts.video[0]).to.deep.include({
        codec: 'h264',
        profile: 'High',
        width: 640,
        height: 360,
        frameRate: 25,
      });
      expect(facts.audio[0]).to.deep.include({ codec: 'aac', profile: 'LC', channels: 2, sampleRate: 48_000 });
    });

    it(`takes over a stream that never ends${needsFfmpeg}`, async function () {
      if (!hasFfmpeg) this.skip();
      const clip = await readFile(clipPath);
      const endless = new Readable({
        read() {
          this.push(clip);
        },
      });
      const facts = await new Ffprobe('ffprobe').probeByStdin(endless, { signal: never });
      expect(facts.video.length).to.equal(1);
      expect(endless.destroyed).to.equal(true);
    });

    it(`says so when the data are no media${needsFfmpeg}`, async function () {
      if (!hasFfmpeg) this.skip();
      const error = await failure(new Ffprobe('ffprobe').probeByStdin(Buffer.from('<html>'), { signal: never }));
      expect(error).to.have.property('code', 'PROBE_FAILED');
    });

    it('gives the child neither arguments of ours nor our environment', async () => {
      const path = await fake('spy', `{ echo "$*"; env; } > "${folder}/seen"; cat > /dev/null; echo '${answer}'`);
      process.env['COAX_TEST_SECRET'] = 'hunter2';
      try {
        await new Ffprobe(path).probeByStdin(Buffer.from('x'), { signal: never });
      } finally {
        delete process.env['COAX_TEST_SECRET'];
      }
      const seen = await readFile(join(folder, 'seen'), 'utf8');
      expect(seen).to.include('pipe:0');
      expect(seen).to.not.include('hunter2');
    });

    for (const [name, body] of [
      ['crash', 'kill -SEGV $$'],
      ['fail', 'exit 1'],
      ['garbage', 'cat > /dev/null; echo not json'],
      ['flood', 'exec yes'],
      ['flood by its child', 'yes; exit 0'],
    ] as const) {
      it(`fails in order with a program that does ${name}`, async () => {
        const probe = new Ffprobe(await fake(name, body));
        const error = await failure(probe.probeByStdin(Buffer.alloc(1 << 20), { signal: never }));
        expect(error).to.have.property('code', 'PROBE_FAILED');
      });
    }

    it('fails in order when the program is not there', async () => {
      const error = await failure(new Ffprobe(join(folder, 'none')).probeByStdin(Buffer.alloc(9), { signal: never }));
      expect(error).to.have.property('code', 'PROBE_FAILED');
    });

    it('kills a program that hangs', async () => {
      const path = await fake('hang', `echo $$ > "${folder}/hang.pid"; exec sleep 60`);
      const endless = new Readable({ read() {} });
      const error = await failure(new Ffprobe(path).probeByStdin(endless, { signal: never, timeoutMs: 1_000 }));
      expect(error).to.have.property('code', 'PROBE_FAILED');
      expect(isAlive(Number(await readFile(join(folder, 'hang.pid'), 'utf8')))).to.equal(false);
      expect(endless.destroyed).to.equal(true);
    });

    it('kills the program on abort', async () => {
      const path = await fake('wait', `echo $$ > "${folder}/wait.pid"; exec sleep 60`);
      const abort = new AbortController();
      const failing = failure(new Ffprobe(path).probeByStdin(Buffer.alloc(9), { signal: abort.signal }));
      const pid = async () => Number(await readFile(join(folder, 'wait.pid'), 'utf8').catch(() => '0'));
      await waitUntil('it runs', async () => (await pid()) > 0);
      abort.abort();
      expect(await failing).to.have.property('code', 'CANCELLED');
      expect(isAlive(await pid())).to.equal(false);
    });

    it('runs no more at a time than allowed, and lets those who wait give up', async () => {
      const path = await fake(
        'slow',
        `echo + >> "${folder}/log"; sleep 0.1; cat > /dev/null; echo - >> "${folder}/log"; echo '${answer}'`,
      );
      const probe = new Ffprobe(path, { concurrency: 1 });
      const abort = new AbortController();
      const runs = [1, 2, 3].map(() => probe.probeByStdin(Buffer.from('x'), { signal: never }));
      const givenUp = failure(probe.probeByStdin(Buffer.from('x'), { signal: abort.signal }));
      abort.abort();
      expect(await givenUp).to.have.property('code', 'CANCELLED');
      await Promise.all(runs);
      expect(await readFile(join(folder, 'log'), 'utf8')).to.equal('+\n-\n'.repeat(3));
    });
  });

  describe('findFfprobe', () => {
    const says = (version: string) => `echo "ffprobe version ${version} Copyright"`;

    it('takes them in order: configured, host, PATH, bundled', async () => {
      const [configured, host, bundled] = await Promise.all(
        ['1-c', '2-h', '4-b'].map((name) => fake(name, says(name))),
      );
      await fake('ffprobe', says('3-p'));
      const all = {
        configured: configured!,
        hosts: [host!],
        path: folder,
        bundled: async () => bundled!,
        log: silentLog,
      };
      const { configured: _, ...noSetting } = all;
      expect((await findFfprobe(all))?.version).to.equal('1-c');
      expect((await findFfprobe(noSetting))?.version).to.equal('2-h');
      expect((await findFfprobe({ ...noSetting, hosts: [] }))?.version).to.equal('3-p');
      expect((await findFfprobe({ ...noSetting, hosts: [], path: '' }))?.version).to.equal('4-b');
    });

    it('passes over what does not run or is something else', async () => {
      const broken = await fake('broken', 'exit 1');
      const other = await fake('other', 'echo hello');
      const good = await fake('good', says('5'));
      const found = await findFfprobe({
        configured: join(folder, 'missing'),
        hosts: [broken, other, folder, good],
        path: '',
        bundled: async () => null,
        log: silentLog,
      });
      expect(found).to.deep.equal({ path: good, version: '5' });
    });

    it('finds nothing where nothing is', async () => {
      const nothing = { hosts: [], path: '', bundled: async () => null, log: silentLog };
      expect(await findFfprobe(nothing)).to.equal(null);
    });

    it(`finds the one of this machine${needsFfmpeg}`, async function () {
      if (!hasFfmpeg) this.skip();
      expect((await findFfprobe({ log: silentLog }))?.version).to.match(/^\S+$/);
    });
  });
});
