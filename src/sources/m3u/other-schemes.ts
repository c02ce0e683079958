import type { FfmpegProtocol, FfmpegUpstreamRequest, UdpUpstreamRequest } from '../../model/upstream-request.ts';
import { parseDatagramAddress } from '../../text/datagram-address.ts';

const ffmpegSchemes: Readonly<Record<string, FfmpegProtocol>> = {
  rtsp: 'rtsp',
  rtsps: 'rtsp',
  rtmp: 'rtmp',
  rtmps: 'rtmp',
  rtmpe: 'rtmp',
  rtmpt: 'rtmp',
  srt: 'srt',
  mms: 'mms',
  mmsh: 'mms',
  mmst: 'mms',
};

export interface OtherSchemeOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Where groups are joined whose address names no interface. */
  readonly multicastInterface: string;
  /** Web addresses, too, are read by ffmpeg. */
  readonly webByFfmpeg: boolean;
}

/** The request for an address that Coax's own web client does not open; null for those it opens, and for what nobody can. */
export function otherRequest(
  url: string,
  { headers, multicastInterface, webByFfmpeg }: OtherSchemeOptions,
): UdpUpstreamRequest | FfmpegUpstreamRequest | null {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'udp' || scheme === 'rtp') {
    const place = parseDatagramAddress(url);
    if (typeof place === 'string') return null;
    const near = place.interface ?? multicastInterface;
    return { kind: 'udp', ...place, ...(near === '' ? {} : { interface: near }) };
  }
  const isWeb = scheme === 'http' || scheme === 'https';
  const protocol = isWeb && webByFfmpeg ? 'http' : ffmpegSchemes[scheme];
  return protocol === undefined ? null : { kind: 'ffmpeg', url, protocol, headers };
}
