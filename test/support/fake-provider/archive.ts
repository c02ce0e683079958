import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestedRange } from './deliver-file.ts';
import type { LiveLoop } from './live-loop.ts';
import type { ArchiveSettings, Behaviour } from './settings.ts';

const packetSize = 188;
const daySec = 86_400;
/** The clock of the last day does not turn round. */
const epoch = Math.floor(Date.now() / 1000) - 90_000;

/** A piece of an archive as a URL asks for it. */
export interface AskedPiece {
  /** As Coax names the forms of panels; `template` for what a playlist's template makes. */
  readonly form: string;
  /** Unix seconds; NaN where the text is no time. */
  readonly startUnix: number;
  readonly durationSec: number;
}

const wall = /^(\d{4})-(\d\d)-(\d\d)([:_ ])(\d\d)([-:])(\d\d)(?:[-:](\d\d))?$/;

/** Reads a panel's start in its own zone, and tells which of its spellings it is. */
function spelledStart(text: string, zoneOffset: number): { readonly spelling: string; readonly unix: number } {
  const match = wall.exec(text);
  if (match === null) return { spelling: 'unknown', unix: Number.NaN };
  const [, year, month, day, between = '', hour, inside = '', minute, second = '0'] = match;
  const unix =
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
  const spelling = between === '_' ? 'underscore' : between === ' ' ? 'sql' : inside === '-' ? 'dash' : 'seconds';
  return { spelling, unix: unix - zoneOffset };
}

/** The piece that `/timeshift/u/p/min/start/id.ts` asks for. */
export function pathPiece(minutes: string, start: string, ext: string, zoneOffset: number): AskedPiece {
  const { spelling, unix } = spelledStart(start, zoneOffset);
  return {
    form: ext === 'm3u8' ? 'path-playlist' : `path-${spelling}`,
    startUnix: unix,
    durationSec: Number(minutes) * 60,
  };
}

/** The piece that a query of `timeshift.php` asks for. */
export function queryPiece(query: URLSearchParams, zoneOffset: number): AskedPiece {
  const { spelling, unix } = spelledStart(query.get('start') ?? '', zoneOffset);
  return { form: `query-${spelling}`, startUnix: unix, durationSec: Number(query.get('duration') ?? 0) * 60 };
}

/** The piece that the last part of a Flussonic address asks for; null for what is none. */
export function flussonicPiece(file: string, nowUnix: number): AskedPiece | null {
  const bounded = /^(archive|index|video|mono)-(\d+)-(\d+)\.(ts|m3u8)$/.exec(file);
  if (bounded !== null)
    return { form: `flussonic-${bounded[4]}`, startUnix: Number(bounded[2]), durationSec: Number(bounded[3]) };
  const segment = /^seg-(\d+)-(\d+)\.ts$/.exec(file);
  if (segment !== null) return { form: 'segment', startUnix: Number(segment[1]), durationSec: Number(segment[2]) };
  const open = /^timeshift_abs-(\d+)\.ts$/.exec(file);
  return open === null
    ? null
    : { form: 'flussonic-abs', startUnix: Number(open[1]), durationSec: nowUnix - Number(open[1]) };
}

/** What the provider does with such a request. */
export function archiveAnswer(
  piece: AskedPiece,
  settings: ArchiveSettings,
  nowUnix: number,
): 'archive' | 'live' | 'html' | 'missing' {
  if (settings.live.includes(piece.form)) return 'live';
  if (settings.html.includes(piece.form)) return 'html';
  if (piece.form !== 'segment' && !settings.forms.includes(piece.form)) return 'missing';
  const isThere = piece.startUnix >= nowUnix - settings.days * daySec && piece.startUnix < nowUnix - settings.lagSec;
  return isThere && piece.durationSec > 0 ? 'archive' : 'missing';
}

const segmentSec = 6;

/** The playlist of a piece, in segments of six seconds. */
export function archivePlaylist({ startUnix, durationSec }: AskedPiece): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${segmentSec}`, '#EXT-X-MEDIA-SEQUENCE:0'];
  for (let at = 0; at < durationSec; at += segmentSec) {
    const length = Math.min(segmentSec, durationSec - at);
    lines.push(`#EXTINF:${length}.0,`, `seg-${startUnix + at}-${length}.ts`);
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}

const aligned = (bytes: number): number => Math.floor(bytes / packetSize) * packetSize;

export interface ArchiveDelivery {
  readonly loop: LiveLoop;
  readonly programNumber: number;
  readonly piece: AskedPiece;
  readonly settings: ArchiveSettings;
  readonly nowUnix: number;
  sent(bytes: number): void;
}

/** Where a moment stands in the endless stream: the same bytes and clock for whoever asks. */
function placeOf(unix: number, loop: LiveLoop, { ownClock }: ArchiveSettings): number {
  const seconds = ownClock ? 0 : (unix - epoch + 40 * daySec) % (40 * daySec);
  return aligned(seconds * loop.bytesPerSecond);
}

/** Sends a piece: as a file with ranges, or as a stream without a length. */
export function deliverArchive(
  request: IncomingMessage,
  response: ServerResponse,
  delivery: ArchiveDelivery,
  behaviour: Behaviour,
): void {
  const { loop, programNumber, piece, settings, nowUnix, sent } = delivery;
  const endUnix = Math.min(piece.startUnix + piece.durationSec, nowUnix - settings.lagSec);
  const from = placeOf(piece.startUnix, loop, settings);
  const media = aligned((endUnix - piece.startUnix) * loop.bytesPerSecond);
  const preamble = Buffer.from(settings.preamble);
  const size = preamble.length + media;
  const asFile = settings.delivery === 'file';
  const range = asFile ? requestedRange(request.headers.range, size) : null;
  if (range === 'bad') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
    return;
  }
  const [start, end] = range === null ? [0, size] : [range.start, range.end + 1];
  response.useChunkedEncodingByDefault = !asFile;
  response.writeHead(range === null ? 200 : 206, {
    'content-type': behaviour.contentType ?? 'video/mp2t',
    ...(asFile ? { 'content-length': end - start, 'accept-ranges': 'bytes' } : {}),
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    ...behaviour.headers,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const read = (at: number, length: number): Buffer => {
    if (at < preamble.length) return preamble.subarray(at, Math.min(preamble.length, at + length));
    const place = at - preamble.length;
    const first = aligned(place);
    const packets = aligned(place - first + length + packetSize - 1);
    return loop.read(from + first, packets, programNumber).subarray(place - first, place - first + length);
  };
  const limit = Math.min(
    behaviour.endAfterBytes ?? Infinity,
    behaviour.resetAfterBytes ?? Infinity,
    behaviour.stallAfterBytes ?? Infinity,
  );
  const stop = Math.min(end, start + limit);
  const chunk = 65_536;
  let at = start;
  const startedAt = performance.now();
  const step = (): void => {
    while (!response.destroyed && at < stop) {
      const due =
        settings.paceFactor === 0
          ? Infinity
          : ((performance.now() - startedAt) / 1000) * loop.bytesPerSecond * settings.paceFactor;
      if (at - start > due) {
        setTimeout(step, 20);
        return;
      }
      const bytes = read(at, Math.min(chunk, stop - at));
      at += bytes.length;
      sent(bytes.length);
      if (!response.write(bytes)) {
        response.once('drain', step);
        return;
      }
    }
    if (response.destroyed) return;
    if (stop === end) response.end();
    else if (behaviour.resetAfterBytes === limit) setTimeout(() => response.socket?.resetAndDestroy(), 20);
    else if (behaviour.endAfterBytes === limit) response.socket?.end();
  };
  step();
}
