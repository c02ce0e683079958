import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { chromiumPath } from './chromium.ts';

/** What a page saw while it played. */
export interface BrowserPlay {
  /** Seconds from loading the address to the first picture; -1 when none came. */
  readonly startSeconds: number;
  /** Media seconds played after that. */
  readonly playedSeconds: number;
  /** Times at which the picture stood still for want of data, after it had begun. */
  readonly stalls: number;
  /** Errors of hls.js, by their details; not that sound and picture begin some hundredths of a second apart, which it steps over. */
  readonly errors: readonly string[];
  readonly width: number;
  readonly latencySeconds: number;
}

const page = `<!doctype html><title>hls.js</title><video id="v" muted playsinline></video><script src="/hls.js"></script>
<script>
const video = document.getElementById('v');
const seen = { loadedMs: 0, firstMs: -1, firstTime: 0, stalls: 0, errors: [] };
video.addEventListener('playing', () => {
  if (seen.firstMs < 0) { seen.firstMs = performance.now(); seen.firstTime = video.currentTime; }
});
video.addEventListener('waiting', () => { if (seen.firstMs >= 0) seen.stalls++; });
window.play = (url) => {
  const hls = new Hls({ enableWorker: true });
  window.hls = hls;
  hls.on(Hls.Events.ERROR, (_, data) => seen.errors.push(data.details + (data.fatal ? ' (fatal)' : '') + (data.response ? ' ' + data.response.code : '')));
  seen.loadedMs = performance.now();
  hls.loadSource(url);
  hls.attachMedia(video);
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
};
window.report = () => ({
  startSeconds: seen.firstMs < 0 ? -1 : (seen.firstMs - seen.loadedMs) / 1000,
  playedSeconds: seen.firstMs < 0 ? 0 : video.currentTime - seen.firstTime,
  stalls: seen.stalls, errors: seen.errors, width: video.videoWidth, latencySeconds: window.hls.latency,
});
</script>`;

/** Plays an address with hls.js in a headless browser, in a page of another site, for `ms` after its first picture. */
export async function playInBrowser(url: string, ms: number): Promise<BrowserPlay> {
  const script = readFileSync(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
  const server = createServer((request, response) => {
    const isScript = request.url === '/hls.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu'],
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.evaluate(`window.play(${JSON.stringify(url)})`);
    await tab
      .waitForFunction('window.report().startSeconds >= 0', undefined, { timeout: 20_000 })
      .catch(() => undefined);
    await tab.waitForTimeout(ms);
    const report = await tab.evaluate<BrowserPlay>('window.report()');
    return { ...report, errors: report.errors.filter((error) => error !== 'bufferSeekOverHole') };
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
