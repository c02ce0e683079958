import type { OpenUpstream } from './upstream.ts';
import { openDemoUpstream } from './upstream-demo.ts';
import { openHttpUpstream } from './upstream-http.ts';

/** Opens the upstream a request asks for: at a provider, or from the built-in demo. */
export const openUpstream: OpenUpstream = async (request, options) =>
  request.kind === 'http' ? openHttpUpstream(request, options) : openDemoUpstream(request, options);
