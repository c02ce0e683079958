import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { ffmpegPlay } from '../support/players.ts';
import { commandLines } from '../support/process-tree.ts';
import type { RawClient } from '../support/raw-client.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';
import { saying } from '../relay/stage.ts';
import { clip, Theatre, type TheatreOptions } from './theatre.ts';

const small = '-map 0:v:0? -vf scale=160:90 -c:v libx264 -preset ultrafast -g 25 -map 0:a? -c:a aac -ac 1';
const profiles = [
  { name: 'small', command: small },
  { name: 'other', command: small.replace('160:90', '128:72') },
  { name: 'broken', command: '-c:v libx264 -preset nonsense' },
];

const runs = (pid: number | undefined): boolean => pid !== undefined && existsSync(`/proc/${pid}`);

describe(`Transcodes${needsFfmpeg}`, function () {
  this.timeout(40_000);
  before(function () {
    if (!hasFfmpeg) this.skip();
  });

  async function theatre(options: TheatreOptions = {}, answer = clip()): Promise<Theatre> {
    const made = await Theatre.start({ limit: null, ...options, transcode: { profiles, ...options.transcode } });
    for (const name of ['a', 'b', 'c']) made.stage.provider.answer(`/${name}.ts`, answer);
    return made;
  }

  /** Status, and the error code of ours. */
  async function refusal(client: RawClient): Promise<string> {
    const { status, headers } = await client.head();
    return `${status} ${headers['x-code'] ?? ''}`;
  }

  it('serve all who want the same from one ffmpeg and one connection, from a key frame on', async () => {
    await using world = await theatre();
    const [first, second] = [await world.tune('a', 'small', 'v1'), await world.tune('a', 'small', 'v2')];
    for (const client of [first, second]) {
      const report = checkTs(await client.read(188 * 300));
      expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
      expect(report.continuityErrors).to.deep.equal([]);
    }
    const [view] = world.views;
    expect(view?.transcode).to.include({ profile: 'small' });
    expect(view?.consumers.map(({ viewer }) => viewer.key).sort()).to.deep.equal(['v1', 'v2']);
    expect(world.slots.running).to.equal(1);
    expect(world.stage.provider.connections).to.equal(1);
    await waitUntil('ffmpeg has said how fast it is', () => typeof world.views[0]?.transcode?.speed === 'number');
    await waitUntil('codecs are known', () => world.views[0]?.facts?.video[0]?.width === 160);
    if (world.pid !== undefined) expect(getPriority(world.pid)).to.equal(Math.max(5, getPriority()));
    const lines = commandLines(process.pid).filter((line) => line.includes('scale=160:90'));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.not.include('127.0.0.1');
  });

  it('are pictures that ffmpeg decodes without an error', async () => {
    await using world = await theatre();
    const play = await ffmpegPlay(`${world.url}/a/small`, { seconds: 4 });
    expect(play).to.deep.include({ errors: [], code: 0 });
    expect(play.videoFrames).to.be.greaterThan(80);
  });

  it('leave others alone: who wants the channel as it comes shares its connection', async () => {
    await using world = await theatre();
    const plain = await world.tune('a', 'copy', 'v1');
    await plain.read(188 * 10);
    const other = await world.tune('a', 'small', 'v2');
    await other.read(188 * 10);
    expect(world.stage.provider.connections).to.equal(1);
    expect(world.transcodes.snapshot()).to.have.length(2);
  });

  it('end with the last who watches, and their places at the channel in the same turn', async () => {
    await using world = await theatre({ settings: { lingerMs: 0 } });
    const clients = [await world.tune('a', 'small', 'v1'), await world.tune('a', 'small', 'v2')];
    for (const client of clients) await client.read(188);
    const { pid } = world;
    expect(runs(pid)).to.equal(true);
    clients[0]?.close();
    await waitUntil('one has gone', () => world.views[0]?.consumers.length === 1);
    expect(world.stage.relays.snapshot()[0]?.consumers).to.have.length(1);
    clients[1]?.close();
    await waitUntil('all is closed', () => world.transcodes.snapshot().length === 0);
    expect(runs(pid)).to.equal(false);
    expect(world.slots.running).to.equal(0);
  });

  it('linger for who comes back, without a second ffmpeg', async () => {
    await using world = await theatre({ settings: { lingerMs: 5_000 } });
    const client = await world.tune('a', 'small', 'v1');
    await client.read(188);
    const { pid } = world;
    client.close();
    await waitUntil('it lingers', () => world.views[0]?.state === 'lingering');
    await (await world.tune('a', 'small', 'v2')).read(188 * 50);
    expect(world.pid).to.equal(pid);
    expect(world.stage.provider.connections).to.equal(1);
  });

  it('go on when the provider ends the stream: same viewers, same ffmpeg', async () => {
    await using world = await theatre({}, clip(600));
    const client = await world.tune('a', 'small');
    await client.read(188 * 20);
    const { pid } = world;
    await waitUntil('a second connection', () => world.stage.provider.connections > 1);
    await client.read(188 * 400);
    expect(world.pid).to.equal(pid);
    expect(client.ended).to.equal(false);
  });

  it('go on with another stream of the channel, of another size, behind the same ffmpeg', async () => {
    await using world = await theatre({}, clip(600));
    world.stage.provider.answer('/first.ts', clip(1_500), saying(404, 'gone'));
    world.stage.provider.answer('/second.ts', clip(undefined, 'bars'));
    world.channel('mixed', '/first.ts', '/second.ts');
    const playing = ffmpegPlay(`${world.url}/mixed/small`, { seconds: 8 });
    await waitUntil('it runs', () => world.pid !== undefined);
    const { pid } = world;
    const play = await playing;
    expect(world.stage.provider.paths).to.include('/second.ts');
    expect(play).to.deep.include({ errors: [], code: 0 });
    expect(play.videoFrames).to.be.greaterThan(150);
    expect(world.pid).to.equal(pid);
  });

  it('go on with another ffmpeg when one is killed, in the same stream', async () => {
    await using world = await theatre();
    const client = await world.tune('a', 'small');
    await client.read(188 * 20);
    const { pid } = world;
    if (pid === undefined) throw new Error('there is no child');
    process.kill(pid, 'SIGKILL');
    await waitUntil('another one', () => world.pid !== undefined && world.pid !== pid && runs(world.pid));
    const report = checkTs(await client.read(188 * 400));
    expect(report.continuityErrors).to.deep.equal([]);
    expect(world.stage.provider.connections).to.equal(1);
  });

  it('say in the words of ffmpeg why a profile does not work', async () => {
    await using world = await theatre();
    const client = await world.tune('a', 'broken');
    expect(await refusal(client)).to.equal('502 UPSTREAM_TRANSCODE');
    expect((await client.read(2_000)).toString()).to.match(/ffmpeg ended with code \d+ \(".*nonsense/);
    await waitUntil('nothing is left', () => world.slots.running === 0 && world.views.length === 0);
  });

  it('show a picture to who asked for slates, where a profile does not work', async () => {
    await using world = await theatre({ settings: { slateMs: 2_000, lingerMs: 0 } });
    const client = await world.tune('a', 'broken', 'v1', true);
    expect((await client.head()).status).to.equal(200);
    const report = checkTs(await client.read(188 * 100));
    expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
    expect(world.views[0]).to.include({ state: 'slate', reason: 'This channel is offline' });
    await waitUntil('its time is over', () => client.ended, 10_000);
    await waitUntil('nothing is left', () => world.transcodes.snapshot().length === 0, 10_000);
  });

  it('are refused beyond the limit, with the number, and without a connection', async () => {
    await using world = await theatre({ transcode: { maxRunning: 1 } });
    await (await world.tune('a', 'small', 'v1')).read(188);
    const second = await world.tune('b', 'small', 'v2');
    expect(await refusal(second)).to.equal('503 NO_CAPACITY');
    expect((await second.read(500)).toString()).to.match(/^One channel is transcoded already.*maxRunning/);
    expect(world.stage.provider.connections).to.equal(1);
    // The same viewer's next channel takes the slot of the last one.
    await (await world.tune('b', 'small', 'v1')).read(188);
    expect(world.slots.running).to.equal(1);
  });

  it('let one viewer zap on an account with one connection, and never take it from another', async () => {
    await using world = await theatre({ limit: 1, waitMs: 500 });
    const first = await world.tune('a', 'small', 'v1');
    await first.read(188);
    const second = await world.tune('b', 'small', 'v1');
    await second.read(188);
    await waitUntil('the first channel is over', () => first.ended);
    const other = await world.tune('b', 'small', 'v2');
    await other.read(188);
    const zap = await world.tune('a', 'small', 'v1');
    expect(await refusal(zap)).to.equal('503 NO_CAPACITY');
    await other.read(188 * 50);
    expect(world.stage.provider.most).to.equal(1);
  });

  it('are refused where there is no ffmpeg, or no such profile', async () => {
    await using world = await theatre({ program: null });
    expect(await refusal(await world.tune('a', 'small'))).to.equal('502 UPSTREAM_NO_FFMPEG');
    expect(await refusal(await world.tune('a', 'unknown'))).to.equal('502 UPSTREAM_TRANSCODE');
    expect(world.stage.provider.connections).to.equal(0);
  });

  it('end when the stream is stopped, at either end', async () => {
    await using world = await theatre();
    for (const which of [0, 1]) {
      const client = await world.tune('a', 'small');
      await client.read(188);
      const { pid } = world;
      const id = world.transcodes.snapshot()[which]?.id;
      expect(id !== undefined && world.transcodes.stop(id)).to.equal(true);
      await waitUntil('the client is ended', () => client.socket.closed || client.ended);
      await waitUntil('ffmpeg is gone', () => !runs(pid));
      await waitUntil('nothing runs', () => world.views.length === 0);
    }
  });

  describe('with a program that misbehaves', () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), 'coax-stage-'))));
    after(() => folder !== undefined && rmSync(folder, { recursive: true }));

    function script(text: string): string {
      const path = join(folder, 'program');
      writeFileSync(path, `#!/bin/sh\n${text}\n`);
      chmodSync(path, 0o755);
      return path;
    }

    it('start it anew when it hangs', async () => {
      const starts = join(folder, 'starts');
      const program = script(
        `echo >> ${starts}\n[ $(wc -l < ${starts}) = 1 ] && { head -c 100000; exec sleep 60; }\nexec ffmpeg "$@"`,
      );
      await using world = await theatre({ program, transcode: { stallMs: 1_000 } });
      const client = await world.tune('a', 'small');
      await client.read(188 * 300, 30_000);
      await client.read(188 * 700, 30_000);
      expect(readFileSync(starts, 'latin1').length).to.equal(2);
    });

    it('give it up when it ends again and again', async () => {
      const starts = join(folder, 'crashes');
      const program = script(`echo >> ${starts}\nexec cat /dev/null`);
      await using world = await theatre({ program });
      expect(await refusal(await world.tune('a', 'small'))).to.equal('502 UPSTREAM_TRANSCODE');
      expect(readFileSync(starts, 'latin1').length).to.be.within(1, 10);
    });
  });
});
