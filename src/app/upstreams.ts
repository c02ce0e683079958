import type { OpenUpstream } from '../relay/upstream.ts';
import { ReadableUpstream } from '../relay/readable-upstream.ts';
import { openHttpUpstream } from '../relay/upstream-http.ts';
import { loadClip } from '../sources/demo/clips.ts';
import { demoLive } from '../sources/demo/live.ts';

/** Opens the upstream a request asks for: at a provider, or from the built-in demo. */
export const openUpstream: OpenUpstream = (request, options) => {
  if (request.kind === 'http') return openHttpUpstream(request, options);
  const live = demoLive(loadClip(request.clip), { signal: options.signal, burstMs: 5_000 });
  return Promise.resolve(new ReadableUpstream(live, live));
};
