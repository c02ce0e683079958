import { CoaxError } from '../errors.ts';
import type { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import type { OpenUpstream } from './upstream.ts';
import { openDemoUpstream } from './upstream-demo.ts';
import { type HttpReach, openHttpUpstream } from './upstream-http.ts';
import { openFfmpegUpstream } from './upstream-ffmpeg.ts';
import { type DatagramWatch, openUdpUpstream } from './upstream-udp.ts';

/**
 * Opens the upstream a request asks for: at a provider, in the own network, or from the built-in demo. `reach` knows which addresses
 * failed lately, and which variant of an HLS stream is wanted; without `ffmpeg` what needs it is refused. `datagrams` is told what went
 * wrong with datagrams since it was told last.
 */
export function createOpenUpstream(
  reach: HttpReach = {},
  ffmpeg?: Pick<FfmpegHome, 'path'>,
  datagrams?: DatagramWatch,
): OpenUpstream {
  return async (request, options) => {
    if (request.kind === 'http') return openHttpUpstream(request, options, reach);
    if (request.kind === 'demo') return openDemoUpstream(request, options);
    if (request.kind === 'udp') return openUdpUpstream(request, options, datagrams);
    if (request.kind === 'relay') throw new CoaxError('INTERNAL', 'A stream of another relay was asked for here');
    if (ffmpeg === undefined) throw new CoaxError('UPSTREAM_NO_FFMPEG');
    return openFfmpegUpstream(request, options, ffmpeg);
  };
}
