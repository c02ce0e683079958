import { startEngine, type Engine } from '../test/support/engine.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { startFakeProvider } from '../test/support/start-fake-provider.ts';
import { openDescriptors, residentBytes } from './processes.ts';

/**
 * Everyday use for as long as is wanted: viewers who watch, zap, reset, pause and come back, recordings, HLS, films that are sought in, and
 * refreshes, against an engine process. Tells memory, descriptors and what is left. `node bench/soak.ts [--minutes 60]`; not part of CI.
 */
const minutes = Number(process.argv[process.argv.indexOf('--minutes') + 1] ?? 60) || 60;
const channels = 30;
const viewers = 12;
/** Until then caches fill: what comes after may not grow. */
const warmUpShare = 0.25;
const say = (text: string) => process.stdout.write(`${text}\n`);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const upTo = (most: number) => Math.floor(Math.random() * most);
const counts = { tunes: 0, refused: 0, failed: 0, bytes: 0, playlists: 0 };

async function watch(
  url: string,
  forMs: number,
  how: 'close' | 'reset' | 'pause',
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  using client = await RawClient.send(url, { headers: { 'User-Agent': `soak ${upTo(viewers)}`, ...headers } });
  counts.tunes += 1;
  try {
    const { status } = await client.head();
    if (status !== 200 && status !== 206) {
      if ([429, 503, 410].includes(status)) counts.refused += 1;
      else counts.failed += 1;
      return;
    }
    const until = performance.now() + forMs;
    while (performance.now() < until && !client.ended) {
      // oxlint-disable-next-line no-await-in-loop -- as a player reads
      counts.bytes += (await client.read(18_800, 2_000).catch(() => Buffer.alloc(0))).length;
    }
    if (how === 'pause') await sleep(upTo(8_000));
  } catch {
    counts.failed += 1;
  }
  if (how === 'reset') client.reset();
  else client.close();
}

async function playHls(url: string): Promise<void> {
  const answer = await fetch(url).catch(() => null);
  counts.playlists += 1;
  const text = (await answer?.text().catch(() => '')) ?? '';
  const media = /^[^#].*$/m.exec(text)?.[0];
  if (media === undefined) return;
  const playlist = await fetch(new URL(media, answer?.url ?? url)).catch(() => null);
  await playlist?.text().catch(() => '');
}

async function viewer(urls: readonly string[], film: string, end: number): Promise<void> {
  while (performance.now() < end) {
    const url = urls[upTo(urls.length)] ?? '';
    const dice = upTo(10);
    // oxlint-disable-next-line no-await-in-loop -- one thing after the other
    if (dice === 0) await playHls(url.replace(/\.ts$/, '.m3u8'));
    // oxlint-disable-next-line no-await-in-loop
    else if (dice === 1) await watch(`${url}?purpose=recording`, upTo(10_000), 'close');
    // oxlint-disable-next-line no-await-in-loop
    else if (dice === 2) await watch(film, upTo(2_000), 'reset', { Range: `bytes=${upTo(500_000)}-` });
    // oxlint-disable-next-line no-await-in-loop
    else await watch(url, upTo(5_000), dice < 5 ? 'reset' : dice === 5 ? 'pause' : 'close');
  }
}

const mark = (engine: Engine) => ({ rss: residentBytes(engine.pid) / 1e6, fds: openDescriptors(engine.pid) });

async function soak(): Promise<boolean> {
  await using provider = await startFakeProvider({
    max: 8,
    catalog: { channels, movies: 3, groups: 1 },
    behaviour: { burstBytes: 400_000 },
  });
  await using engine = await startEngine({
    demo: false,
    settings: { live: { lingerMs: 2_000, pretune: { enabled: true } }, accounts: { waitMs: 3_000 } },
  });
  const { username, password } = provider.login;
  await engine.addSource({ kind: 'xtream', name: 'Soak', url: provider.url, username, password });
  const urls: string[] = [];
  for (let number = 1; number <= channels; number += 1) {
    // oxlint-disable-next-line no-await-in-loop
    urls.push(await engine.liveUrl(`Channel ${number}`));
  }
  const film = await engine.movieUrl(0);
  const start = performance.now();
  const end = start + minutes * 60_000;
  const marks: { minute: number; rss: number; fds: number }[] = [];
  const note = setInterval(() => {
    marks.push({ minute: (performance.now() - start) / 60_000, ...mark(engine) });
    say(JSON.stringify({ ...marks.at(-1), ...counts }));
  }, 15_000);
  // A player that fails is one of many; the next one goes on.
  const insist = () => viewer(urls, film, end).catch(() => void (counts.failed += 1));
  await Promise.all(Array.from({ length: viewers }, insist));
  clearInterval(note);
  await sleep(10_000);
  const { text } = await engine.api('GET', '/debug/sync');
  const state = await provider.state(true);
  const later = marks.filter(({ minute }) => minute >= minutes * warmUpShare);
  const third = Math.max(1, Math.floor(later.length / 3));
  const mean = (some: typeof marks, of: 'rss' | 'fds') => some.reduce((sum, one) => sum + one[of], 0) / some.length;
  const [early, late] = [later.slice(0, third), later.slice(-third)];
  const quiet = mark(engine);
  const grown = { rss: mean(late, 'rss') / mean(early, 'rss'), fds: mean(late, 'fds') - mean(early, 'fds') };
  say(
    JSON.stringify(
      { minutes, counts, early: mean(early, 'rss'), late: mean(late, 'rss'), grown, quiet, sync: text, state },
      null,
      1,
    ),
  );
  return grown.rss < 1.1 && grown.fds < 20 && state.counted === 0;
}

const isFlat = await soak();
say(isFlat ? 'flat' : 'NOT FLAT');
process.exitCode = isFlat ? 0 : 1;
