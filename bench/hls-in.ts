import { join } from 'node:path';
import { LeasePool } from '../src/accounts/lease-pool.ts';
import type { AccountId, LoginKey, SessionId, SourceId, ViewerKey } from '../src/model/ids.ts';
import { Generation } from '../src/relay/generation.ts';
import { openHttpUpstream } from '../src/relay/upstream-http.ts';
import { hasFfmpeg } from '../test/support/ffmpeg.ts';
import { Child, pinned } from './processes.ts';
import { type BenchContext, median, type Result } from './result.ts';

const bench = 'hls-in';
const account = 'a' as AccountId;

interface Read {
  /** CPU seconds of this process for each gigabit that came out. */
  readonly cpuPerGbit: number;
  readonly bytes: number;
  readonly firstMs: number;
}

/** Opens an address and reads it as far as `most` bytes, as the feed of a relay does; nothing is sent on. */
async function read(pool: LeasePool, url: string, most = Number.POSITIVE_INFINITY): Promise<Read> {
  const { signal } = new AbortController();
  const lease = await pool.acquire({
    candidates: [account],
    viewer: { key: 'v' as ViewerKey, label: 'v' },
    purpose: 'live',
    holder: { sessionId: 's' as SessionId, isIdle: () => false, isSoleViewer: () => false, yieldSlot: () => {} },
    signal,
  });
  let bytes = 0;
  const sink = {
    position: () => bytes,
    packets: (packets: Buffer) => {
      bytes += packets.length;
    },
    entry: () => {},
  };
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const upstream = await openHttpUpstream(
    { kind: 'http', urls: [url], headers: { 'user-agent': 'bench' } },
    { lease, signal, connectMs: 10_000 },
  );
  let firstMs = Number.NaN;
  let generation = new Generation(sink, () => null);
  await new Promise<void>((resolve) => {
    upstream.start({
      data: (chunk) => {
        if (Number.isNaN(firstMs)) firstMs = performance.now() - startedAt;
        generation.push(chunk, performance.now());
        if (bytes >= most) resolve();
      },
      cut: () => {
        generation = new Generation(sink, () => null);
      },
      lost: () => resolve(),
    });
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  upstream.destroy();
  lease.end();
  await lease.released;
  return { cpuPerGbit: (user + system) / 1e6 / ((bytes * 8) / 1e9), bytes, firstMs };
}

/** What a player of HLS does before its first byte: the playlist, then a segment. */
async function directMs(base: string): Promise<number> {
  const startedAt = performance.now();
  await (await fetch(`${base}/ts.m3u8`)).text();
  const { body } = await fetch(`${base}/ts/0`);
  const reader = body?.getReader();
  await reader?.read();
  const ms = performance.now() - startedAt;
  await reader?.cancel();
  return ms;
}

/** HLS in: CPU of reading a stream against the same as plain MPEG-TS, and the first byte against asking for it directly. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  if (!hasFfmpeg) return [];
  const rounds = context.quick ? 4 : 20;
  await using origin = new Child([
    ...pinned(1),
    process.execPath,
    join(import.meta.dirname, 'load', 'hls-files.ts'),
    String(rounds),
  ]);
  const ready = await origin.next<{ port: number }>();
  if (ready === undefined) throw new Error('the origin did not start');
  const base = `http://127.0.0.1:${ready.port}`;
  const pool = new LeasePool({ waitMs: 5_000, coolingFloorMs: 0, coolingCapMs: 0 });
  pool.setAccounts([{ id: account, sourceId: 's' as SourceId, loginKey: 'l' as LoginKey, label: 'a', limit: null }]);
  try {
    const measured = new Map<string, number>();
    // The first run of each is for the compiler.
    for (const path of ['plain.ts', 'ts.m3u8', 'aes.m3u8', 'fmp4.m3u8']) {
      await read(pool, `${base}/${path}`, 20_000_000);
      const runs: number[] = [];
      for (let n = 0; n < 3; n++) runs.push((await read(pool, `${base}/${path}`)).cpuPerGbit);
      measured.set(path, median(runs));
      context.say(`${path}: ${median(runs).toFixed(3)} CPU s/Gbit`);
    }
    const plain = measured.get('plain.ts') ?? Number.NaN;
    const firsts: number[] = [];
    const directs: number[] = [];
    for (let n = 0; n < (context.quick ? 10 : 40); n++) {
      firsts.push((await read(pool, `${base}/ts.m3u8`, 1)).firstMs);
      directs.push(await directMs(base));
    }
    const rows: readonly (readonly [string, string, string])[] = [
      ['ts.m3u8', 'MPEG-TS segments', 'counters of packets are written'],
      ['aes.m3u8', 'the same, AES-128', ''],
      ['fmp4.m3u8', 'fragmented MP4, remuxed', 'a Gbit of what comes out'],
    ];
    return [
      ...rows.map(
        ([path, what, note]): Result => ({
          bench,
          what: `${what}, CPU of a Gbit`,
          value: (measured.get(path) ?? Number.NaN) * 1_000,
          unit: 'ms',
          baseline: { name: 'plain MPEG-TS', value: plain * 1_000 },
          ...(note === '' ? {} : { note }),
        }),
      ),
      {
        bench,
        what: 'first byte',
        value: median(firsts),
        unit: 'ms',
        baseline: { name: 'fetch of playlist and segment', value: median(directs) },
        note: 'looked at and joined at a key frame',
      },
    ];
  } finally {
    await pool.stop();
  }
}
