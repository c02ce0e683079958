import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { ffmpegPlay, ffprobe } from '../support/players.ts';
import { commandLines } from '../support/process-tree.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Session {
  readonly id: string;
  readonly channelId?: string;
  readonly transcode?: { readonly profile: string; readonly pid?: number; readonly speed?: number | null };
  readonly consumers: readonly unknown[];
}

const small =
  '-map 0:v:0? -vf scale=160:90 -c:v libx264 -preset ultrafast -force_key_frames expr:gte(t,n_forced*1) -map 0:a? -c:a aac -ac 1';

describe(`outputs with a transcode profile${needsFfmpeg}`, function () {
  this.timeout(60_000);
  let engine: Engine;
  let output: { readonly id: string; readonly token: string; readonly profile: string };
  let channel = '';

  before(async function () {
    if (!hasFfmpeg) this.skip();
    engine = await startEngine({
      settings: {
        live: { lingerMs: 0 },
        transcode: { profiles: [{ name: 'small', command: small }] as unknown as string },
      },
    });
    await engine.settled();
    const made = await engine.api<typeof output>('POST', '/outputs', { name: 'Phones', profile: 'small' });
    expect(made.status).to.equal(201);
    output = made.body;
    channel = (await engine.channels())[0]?.id ?? '';
  });
  after(async () => engine?.[Symbol.asyncDispose]());

  const url = (ext: string): string => `${engine.url}/o/${output.token}/live/${channel}.${ext}`;
  const sessions = async (): Promise<readonly Session[]> =>
    (await engine.api<readonly Session[]>('GET', '/streams')).body;
  const transcode = async (): Promise<Session | undefined> =>
    (await sessions()).find((one) => one.transcode !== undefined);
  const quiet = async (): Promise<void> => {
    await waitUntil('nothing plays', async () => (await sessions()).length === 0, 15_000);
    expect((await engine.api<{ mismatches: unknown[] }>('GET', '/debug/sync')).body.mismatches).to.deep.equal([]);
  };

  it('list the profiles, and tell whether one works', async () => {
    const { body } = await engine.api<{ ffmpeg: object; profiles: { name: string; builtIn: boolean }[] }>(
      'GET',
      '/transcode/profiles',
    );
    expect(body.ffmpeg).to.have.keys('path', 'version');
    const names = body.profiles.map(({ name }) => name);
    expect(names).to.include.members([
      'small',
      'aac',
      'h264',
      'h264-vaapi',
      'h264-qsv',
      'h264-nvenc',
      'h264-videotoolbox',
    ]);
    const works = await engine.api<{ ok: boolean }>('POST', '/transcode/profiles/small/check');
    expect(works.body).to.include({ ok: true });
    const fails = await engine.api<{ ok: boolean; message: string }>(
      'POST',
      '/transcode/profiles/h264-videotoolbox/check',
    );
    expect(fails.body.ok).to.equal(process.platform === 'darwin');
    expect((await engine.api('POST', '/transcode/profiles/none/check')).status).to.equal(404);
  });

  it('take no profile that does not exist, or that does more than it may', async () => {
    const wrong = await engine.api('PATCH', `/outputs/${output.id}`, { profile: 'none' });
    expect(wrong.status).to.equal(400);
    expect(wrong.text).to.include('small');
  });

  it('play in ffmpeg, transcoded once for all, with what ran shown', async () => {
    const [first, second] = await Promise.all([
      ffmpegPlay(url('ts'), { seconds: 6 }),
      ffmpegPlay(url('ts'), { seconds: 6 }),
    ]);
    for (const play of [first, second]) {
      expect(play).to.deep.include({ errors: [], code: 0 });
      expect(play.videoFrames).to.be.greaterThan(100);
    }
    await quiet();
    const probing = ffprobe(url('ts'));
    await waitUntil('it runs', async () => typeof (await transcode())?.transcode?.pid === 'number');
    const session = await transcode();
    expect(session?.transcode?.profile).to.equal('small');
    expect(commandLines(engine.child.pid ?? 0).filter((line) => line.includes('scale=160:90'))).to.have.length(1);
    const probe = await probing;
    expect(probe.streams.find(({ codec_type: type }) => type === 'video')).to.include({
      codec_name: 'h264',
      width: 160,
    });
    await quiet();
  });

  it('play as HLS, apart from the players of outputs without it', async () => {
    const plain = `${engine.url}/o/${(await engine.output()).token}/live/${channel}.m3u8`;
    const [transcoded, original] = await Promise.all([ffmpegPlay(url('m3u8'), { seconds: 5 }), ffprobe(plain)]);
    expect(transcoded).to.deep.include({ errors: [], code: 0 });
    expect(transcoded.videoFrames).to.be.greaterThan(80);
    expect(original.streams.find(({ codec_type: type }) => type === 'video')?.width).to.be.greaterThan(160);
    for (const { id } of await sessions()) await engine.api('DELETE', `/streams/${id}`);
    await quiet();
  });

  it('serve a host, which is told the codecs of what it gets', async () => {
    const open = await engine.host('POST', '/streams', {
      channelId: channel,
      output: output.id,
      waitForFactsMs: 5_000,
    });
    const { id, path, facts } = open.body as { id: string; path: string; facts: { video: { width: number }[] } | null };
    expect(facts?.video[0]?.width).to.equal(160);
    using client = await RawClient.send(engine.url + path);
    await client.read(188 * 100);
    client.close();
    await engine.host('DELETE', `/streams/${id}`);
    await quiet();
  });

  it('leave no ffmpeg behind when the engine is killed', async function () {
    if (process.platform !== 'linux') this.skip();
    using client = await RawClient.send(url('ts'));
    await client.read(188 * 20);
    const pid = (await transcode())?.transcode?.pid;
    expect(existsSync(`/proc/${pid}`)).to.equal(true);
    await engine.end('SIGKILL');
    await waitUntil('it has ended', () => !existsSync(`/proc/${pid}`));
  });
});
