import { CoaxError } from '../errors.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import type { OpenUpstream } from './upstream.ts';
import { openDemoUpstream } from './upstream-demo.ts';
import { openHttpUpstream } from './upstream-http.ts';
import { openUdpUpstream } from './upstream-udp.ts';

/** Opens the upstream a request asks for: at a provider, or from the built-in demo. `health` remembers which addresses failed lately. */
export function createOpenUpstream(health?: BaseUrlHealth): OpenUpstream {
  return async (request, options) => {
    if (request.kind === 'http') return openHttpUpstream(request, options, health);
    if (request.kind === 'demo') return openDemoUpstream(request, options);
    if (request.kind === 'udp') return openUdpUpstream(request, options);
    throw new CoaxError('NO_STREAM', 'Streams of this kind can not be played yet');
  };
}
