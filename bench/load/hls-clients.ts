import http from 'node:http';
import { parseArgs } from 'node:util';

/**
 * Players of one HLS address, as many as asked for, each on a connection of its own: it follows the playlist, takes every segment, and
 * throws the bytes away. With `--static` the playlist never changes, and the next of its segments is taken every two seconds.
 *   hls-clients URL COUNT [--warm S] [--window S] [--static]
 * Prints a line of JSON when all have begun, and one at the end.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    warm: { type: 'string', default: '4' },
    window: { type: 'string', default: '10' },
    static: { type: 'boolean', default: false },
  },
});
const [url = '', countText = '1'] = positionals;
const count = Number(countText);
const segmentMs = 2_000;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let measuring = false;
let bytes = 0;
let segments = 0;
let failed = 0;
const segmentMsTaken: number[] = [];

function get(address: URL, agent: http.Agent, keep: boolean): Promise<{ status: number; text: string; bytes: number }> {
  return new Promise((resolve, reject) => {
    const request = http.get(address, { agent }, (response) => {
      let text = '';
      let taken = 0;
      response.on('data', (chunk: Buffer) => {
        taken += chunk.length;
        if (keep) text += chunk.toString('latin1');
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, bytes: taken }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

const addressesIn = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

async function take(address: URL, agent: http.Agent): Promise<void> {
  const startedAt = performance.now();
  const answer = await get(address, agent, false);
  if (answer.status !== 200) failed++;
  if (!measuring) return;
  bytes += answer.bytes;
  segments++;
  segmentMsTaken.push(performance.now() - startedAt);
}

async function play(index: number, begun: () => void): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let media = new URL(url);
  const entry = await get(media, agent, true);
  if (entry.text.includes('#EXT-X-STREAM-INF')) media = new URL(addressesIn(entry.text)[0] ?? '', media);
  let last = '';
  let turn = index;
  for (;;) {
    const askedAt = performance.now();
    const playlist = await get(media, agent, true);
    if (playlist.status !== 200) failed++;
    const names = addressesIn(playlist.text);
    if (values.static) await take(new URL(names[turn++ % names.length] ?? '', media), agent);
    else {
      for (const name of last === '' ? names.slice(-1) : names.slice(names.indexOf(last) + 1)) {
        await take(new URL(name, media), agent);
        last = name;
      }
    }
    begun();
    await wait(Math.max(0, segmentMs - (performance.now() - askedAt)));
  }
}

let begun = 0;
const all = Promise.withResolvers<void>();
for (let n = 0; n < count; n++) {
  let first = true;
  play(n, () => {
    if (!first) return;
    first = false;
    if (++begun === count) all.resolve();
  }).catch(() => failed++);
  // Players do not come all at once.
  await wait(Math.min(20, segmentMs / count));
}
await all.promise;
await wait(Number(values.warm) * 1_000);
measuring = true;
console.log(JSON.stringify({ begun }));
const startedAt = performance.now();
await wait(Number(values.window) * 1_000);
const sorted = segmentMsTaken.toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    seconds: (performance.now() - startedAt) / 1_000,
    bytes,
    segments,
    failed,
    p50Ms: sorted[Math.floor(sorted.length / 2)] ?? -1,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? -1,
  }),
);
process.exit(0);
