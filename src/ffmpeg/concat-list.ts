import type { FfmpegProtocol, FfmpegUpstreamRequest } from '../model/upstream-request.ts';

/** What each family of addresses may open; never a file. */
const protocols: Readonly<Record<FfmpegProtocol, string>> = {
  rtsp: 'rtsp,rtp,srtp,udp,tcp,tls,crypto',
  rtmp: 'rtmp,rtmps,rtmpe,rtmpt,rtmpts,ffrtmphttp,ffrtmpcrypt,tcp,tls,http,https,crypto',
  srt: 'srt,udp',
  mms: 'mmsh,mmst,tcp,http,httpproxy',
  http: 'http,https,tcp,tls,crypto,hls,httpproxy',
};

/** For `-protocol_whitelist`: the list itself comes by a pipe. */
export function allowedProtocols(protocol: FfmpegProtocol): string {
  return `pipe,${protocols[protocol]}`;
}

/** Options that librtmp takes behind the address, and Kodi's lists still have, by the names ffmpeg gives them. */
const rtmpNames: Readonly<Record<string, string>> = {
  app: 'rtmp_app',
  playpath: 'rtmp_playpath',
  tcurl: 'rtmp_tcurl',
  swfurl: 'rtmp_swfurl',
  pageurl: 'rtmp_pageurl',
  flashver: 'rtmp_flashver',
  conn: 'rtmp_conn',
  subscribe: 'rtmp_subscribe',
};

/**
 * What ffmpeg reads on its stdin in place of an address on its command line, which everybody on the machine could read: a list for its
 * concat demuxer with this one address and the options to open it (ffmpeg 5.0 and later).
 */
export function concatList({ url, protocol, headers }: FfmpegUpstreamRequest, silenceMs: number): string {
  const [address = '', ...behind] = protocol === 'rtmp' ? url.split(' ') : [url];
  const silenceUs = String(silenceMs * 1_000);
  const options: [string, string | undefined][] = [
    // A viewer waits as long as it looks at the stream: for RTMP, whose head tells little, always all of this time.
    ['analyzeduration', protocol === 'rtmp' ? '1000000' : '2000000'],
    ['probesize', '2000000'],
    ['rw_timeout', silenceUs],
  ];
  if (protocol === 'rtsp')
    options.push(['rtsp_flags', 'prefer_tcp'], ['timeout', silenceUs], ['user_agent', headers['user-agent']]);
  if (protocol === 'srt') options.push(['timeout', silenceUs], ['connect_timeout', String(silenceMs)]);
  if (protocol === 'rtmp') {
    options.push(['rtmp_live', 'live']);
    for (const option of behind) {
      const equals = option.indexOf('=');
      const name = rtmpNames[option.slice(0, Math.max(0, equals)).toLowerCase()];
      if (name !== undefined) options.push([name, option.slice(equals + 1)]);
    }
  }
  if (protocol === 'http' || protocol === 'mms') {
    options.push(['user_agent', headers['user-agent']], ['referer', headers['referer']]);
    // One line is one header: a list has no way to write a line break.
    const [name, value] = Object.entries(headers).find(([key]) => !['user-agent', 'referer'].includes(key)) ?? [];
    if (name !== undefined) options.push(['headers', `${name}: ${value}`]);
  }
  const lines = options.flatMap(([name, value]) => (value === undefined ? [] : [`option ${name} ${quoted(value)}`]));
  return ['ffconcat version 1.0', `file ${quoted(address)}`, ...lines, ''].join('\n');
}

/** One word of a list: nothing in quotes means anything, and a quote stands between two of them (ffmpeg-utils, 2.1). */
function quoted(text: string): string {
  // A line break would begin another directive.
  // oxlint-disable-next-line no-control-regex
  return `'${text.replace(/[\u0000-\u001f\u007f]/g, '').replaceAll("'", String.raw`'\''`)}'`;
}
