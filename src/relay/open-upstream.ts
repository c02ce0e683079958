import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import type { OpenUpstream } from './upstream.ts';
import { openDemoUpstream } from './upstream-demo.ts';
import { openHttpUpstream } from './upstream-http.ts';

/** Opens the upstream a request asks for: at a provider, or from the built-in demo. `health` remembers which addresses failed lately. */
export function createOpenUpstream(health?: BaseUrlHealth): OpenUpstream {
  return async (request, options) =>
    request.kind === 'http' ? openHttpUpstream(request, options, health) : openDemoUpstream(request, options);
}
