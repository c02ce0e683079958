import { expect } from 'chai';
import type { MediaName } from '../support/fake-provider/settings.ts';
import { ffmpegPlay, ffprobe, needFfmpeg } from '../support/players.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';

describe('live channels through the engine', function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async () => {
    const mediaOf: Record<string, MediaName> = { 2: 'hevc-ac3', 3: 'mpeg2-mp2', 4: 'radio' };
    rig = await startRig({ provider: { mediaOf, userAgent: '^TestPlayer/7' }, source: { userAgent: 'TestPlayer/7' } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  it('play in ffmpeg without one decoder error, on one connection', async function () {
    needFfmpeg(this);
    const play = await ffmpegPlay(await rig.engine.liveUrl('Channel 1'), { seconds: 5 });
    expect(play).to.deep.include({ errors: [], code: 0 });
    expect(play.videoFrames).to.be.greaterThan(100);
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  for (const [number, codecs] of [
    [1, ['h264', 'aac']],
    [2, ['hevc', 'ac3']],
    [3, ['mpeg2video', 'mp2']],
  ] as const) {
    it(`are joined at a key frame with ${codecs.join(' and ')}, and probed at once`, async function () {
      needFfmpeg(this);
      const url = await rig.engine.liveUrl(`Channel ${number}`);
      using holder = await rig.watch(number, 'holder');
      await holder.read(700_000);
      void holder.readFor(20_000).catch(() => undefined);
      using joiner = await rig.watch(number, 'joiner');
      const report = checkTs(await joiner.read(188 * 600));
      expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
      const probe = await ffprobe(url, ['-analyzeduration', '2000000']);
      expect(probe.errors).to.deep.equal([]);
      expect(probe.streams.map((stream) => stream.codec_name)).to.include.members([...codecs]);
      const play = await ffmpegPlay(url, { seconds: 2 });
      expect(play.errors).to.deep.equal([]);
      for (const client of [holder, joiner]) client.close();
      expect((await rig.expectHeld()).opened).to.equal(1);
      const channel = (await rig.engine.channels()).find((one) => one.name === `Channel ${number}`);
      const facts = channel?.['codecs'] as { video: { codec: string; width: number }[]; audio: { codec: string }[] };
      expect(facts.video[0]).to.include({ codec: codecs[0], width: 640 });
      expect(facts.audio[0]?.codec).to.equal(codecs[1]);
    });
  }

  it('start for radio, which has no key frames and few bytes', async function () {
    needFfmpeg(this);
    const startedAt = performance.now();
    using client = await rig.watch(4);
    await client.read(188 * 10, 10_000);
    expect(performance.now() - startedAt).to.be.lessThan(8000);
    const probe = await ffprobe(await rig.engine.liveUrl('Channel 4'));
    expect(probe.streams.map((stream) => stream.codec_name)).to.deep.equal(['aac']);
    client.close();
    await rig.expectHeld();
  });

  it('bring the backlog at once, then live', async () => {
    using holder = await rig.watch(1, 'holder');
    await holder.readFor(2500);
    using joiner = await rig.watch(1, 'joiner');
    await joiner.head();
    const startedAt = performance.now();
    const report = checkTs(await joiner.read(188 * 2100));
    expect(performance.now() - startedAt).to.be.lessThan(1200);
    expect(report.seconds).to.be.greaterThan(1.5);
    expect(report.continuityErrors).to.deep.equal([]);
    // The rest of the backlog, and after it the 250 kB of each second.
    await joiner.readFor(1000);
    const next = await joiner.readFor(2000);
    expect(next.length).to.be.within(250_000, 900_000);
    for (const client of [holder, joiner]) client.close();
    await rig.expectHeld();
  });

  it("ask the provider with the source's user agent, for lists and for streams", async () => {
    using client = await rig.watch(1);
    await client.read(188);
    client.close();
    const { userAgents } = await rig.quiet();
    expect(Object.keys(userAgents)).to.deep.equal(['TestPlayer/7']);
  });

  it('are listed with who watches, while they run and no longer', async () => {
    using client = await rig.watch(1, 'somebody');
    await client.read(100_000);
    const { body } = await rig.engine.api<readonly Record<string, unknown>[]>('GET', '/streams');
    expect(body).to.have.length(1);
    expect(body[0]).to.include({ kind: 'live', title: 'Channel 1' });
    expect(body[0]?.['consumers']).to.have.length(1);
    const [account] = await rig.accounts();
    expect(account?.leases.map((lease) => lease.state)).to.deep.equal(['open']);
    client.close();
    await rig.quiet();
    expect((await rig.engine.api<readonly unknown[]>('GET', '/streams')).body).to.deep.equal([]);
  });
});
