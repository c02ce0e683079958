import type { DemoUpstreamRequest } from '../model/upstream-request.ts';
import { loadClip } from '../sources/demo/clips.ts';
import { demoLive } from '../sources/demo/live.ts';
import { ReadableUpstream } from './readable-upstream.ts';
import type { Upstream, UpstreamOptions } from './upstream.ts';

/** Opens a channel of the built-in demo. It needs no network, but holds its lease as a socket would. */
export function openDemoUpstream(request: DemoUpstreamRequest, { lease, signal }: UpstreamOptions): Upstream {
  lease.connecting();
  const live = demoLive(loadClip(request.clip), { signal, burstMs: 5_000 });
  lease.attach(live);
  return new ReadableUpstream(live, live);
}
