import { expect } from 'chai';
import { defaultSettings } from '../support/fake-provider/settings.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ffmpegPlay, needFfmpeg } from '../support/players.ts';
import { type Rig, startRig } from '../support/rig.ts';

const plain = { ...defaultSettings.hls, form: 'ts', only: true } as const;

describe('channels that a panel has as HLS only, through the engine', function () {
  this.timeout(90_000);
  let rig: Rig;
  before(async function () {
    needFfmpeg(this);
    rig = await startRig({ provider: { hls: plain } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await rig.clean();
    await rig.provider.set({ hls: plain, redirects: 0 });
  });

  for (const [what, hls, more = {}] of [
    ['transport streams', {}],
    ['fragmented MP4', { form: 'fmp4' }],
    ['a master playlist and keys that change', { master: true, encrypted: true }],
    ['pictures by name and by their first bytes', { extension: '.png', junk: true }],
    ['addresses that are good for two seconds', { tokenMs: 2_000 }],
    ['an edge server behind a redirect', { master: true }, { redirects: 1 }],
  ] as const)
    it(`play in ffmpeg without one decoder error, on one connection: ${what}`, async () => {
      await rig.provider.set({ hls: { ...plain, ...hls }, ...more });
      const play = await ffmpegPlay(await rig.engine.liveUrl('Channel 1'), { seconds: 9 });
      expect(play).to.deep.include({ errors: [], code: 0 });
      expect(play.videoFrames).to.be.within(215, 235);
      const state = await rig.expectHeld();
      expect(state.overlaps).to.equal(0);
    });

  it('go on over the end of the clip, where a discontinuity is, as one stream', async () => {
    await rig.provider.set({ hls: { ...plain, loop: 4 } });
    const play = await ffmpegPlay(await rig.engine.liveUrl('Channel 1'), { seconds: 20 });
    expect(play).to.deep.include({ errors: [], code: 0 });
    expect(play.videoFrames).to.be.within(490, 510);
    await rig.expectHeld();
  });

  it('start with the first bytes of a segment, and give their connection back at once', async () => {
    using client = await rig.watch(1);
    await client.read(188 * 20, 5_000);
    client.reset();
    const state = await rig.expectHeld();
    expect(state.counted).to.equal(0);
  });

  it('fail over, or end, when the playlist goes stale', async () => {
    using client = await rig.watch(1);
    await client.read(188 * 20);
    await rig.provider.set({ frozen: true });
    await waitUntil(
      'the engine has noticed',
      async () => (await rig.engine.api<readonly { state: string }[]>('GET', '/streams')).body[0]?.state !== 'live',
      20_000,
    );
    await rig.provider.set({ frozen: false });
    client.close();
    await rig.expectHeld();
  });
});
