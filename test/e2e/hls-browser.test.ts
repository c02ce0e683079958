import { expect } from 'chai';
import { playInBrowser } from '../support/browser-player.ts';
import { chromiumPath, needsChromium } from '../support/chromium.ts';
import { hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';

/** `COAX_HLS_SECONDS=60` plays for a minute. */
const seconds = Number(process.env['COAX_HLS_SECONDS'] ?? 10);

describe('channels as HLS in a browser', function () {
  this.timeout(60_000 + seconds * 1_000);
  let rig: Rig;
  before(async function () {
    if (chromiumPath === undefined || !hasFfmpeg) this.skip();
    rig = await startRig({ provider: { max: 1 }, engine: { demo: false, settings: quickSettings } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());

  it(`play with hls.js without a stall, on one connection${needsChromium}${needsFfmpeg}`, async () => {
    const url = (await rig.engine.liveUrl('Channel 1')).replace(/\.ts$/, '.m3u8');
    const play = await playInBrowser(url, seconds * 1_000);
    expect(play).to.deep.include({ errors: [], stalls: 0, width: 640 });
    expect(play.startSeconds).to.be.within(0, 12);
    expect(play.playedSeconds).to.be.within(seconds - 1.5, seconds + 1.5);
    const { peak, opened } = await rig.provider.state();
    expect({ peak, opened }).to.deep.equal({ peak: 1, opened: 1 });
  });
});
