import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, startEngine } from '../test/support/engine.ts';
import { syntheticClip } from '../test/support/ts-builder.ts';
import { Child, loadTool, pinned } from './processes.ts';
import type { BenchContext } from './result.ts';

const clipSeconds = 10;

export interface OneChannel extends AsyncDisposable {
  /** The source's port; the channel is at /one.ts. */
  readonly port: number;
  /** Bits per second. */
  readonly rate: number;
  /** Has the channel as `One`. */
  readonly engine: Engine;
  /** For files, gone at the end. */
  readonly folder: string;
}

/** A source of one 8 Mbit/s channel on core 1, and an engine on core 0 that plays it. */
export async function startOneChannel(context: BenchContext): Promise<OneChannel> {
  const clip = join(context.folder, 'clip-8mbit.ts');
  if (!existsSync(clip)) writeFileSync(clip, syntheticClip(clipSeconds * 1000, { bitRate: 8_000_000 }));
  await using opened = new AsyncDisposableStack();
  const tool = loadTool('tssrc', context.folder);
  const source = opened.use(new Child([...pinned(1), tool, clip, String(clipSeconds), '0', '--back', '1500']));
  const ready = await source.next<{ port: number; bytesPerSecond: number }>();
  if (ready === undefined) throw new Error('the source did not start');
  const { port, bytesPerSecond } = ready;
  const folder = mkdtempSync(join(tmpdir(), 'coax-bench-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const playlist = join(folder, 'one.m3u');
  writeFileSync(playlist, `#EXTM3U\n#EXTINF:-1 tvg-id="one",One\nhttp://127.0.0.1:${port}/one.ts\n`);
  const engine = opened.use(await startEngine({ prefix: pinned(0), demo: false }));
  await engine.addSource({ kind: 'm3u', name: 'Bench', url: playlist });
  const all = opened.move();
  return { port, rate: bytesPerSecond * 8, engine, folder, [Symbol.asyncDispose]: async () => all.disposeAsync() };
}
