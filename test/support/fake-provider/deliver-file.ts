import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from './settings.ts';

export interface ByteRange {
  readonly start: number;
  /** The last byte, inclusive. */
  readonly end: number;
}

/** One range of a Range header; null: none asked for; 'bad': cannot be satisfied. */
export function requestedRange(header: string | undefined, size: number): ByteRange | null | 'bad' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size - 1 };
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start >= size || start > end ? 'bad' : { start, end };
}

const types: Readonly<Record<string, string>> = { mkv: 'video/x-matroska', mp4: 'video/mp4', ts: 'video/mp2t' };

/** Answers a GET or HEAD of a file with ranges, as fast as the client reads or at `fileBytesPerSecond`. */
export function deliverFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  behaviour: Behaviour,
  sent: (bytes: number) => void,
): void {
  const size = statSync(path).size;
  const range = behaviour.noRanges === true ? null : requestedRange(request.headers.range, size);
  const etag = `"${size.toString(16)}"`;
  if (range === 'bad') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const { start, end } =
    range === null || (ifRange !== undefined && ifRange !== etag) ? { start: 0, end: size - 1 } : range;
  const partial = range !== null && (ifRange === undefined || ifRange === etag);
  const length = end - start + 1;
  response.writeHead(partial ? 206 : 200, {
    'content-type': behaviour.contentType ?? types[path.split('.').pop() ?? ''] ?? 'application/octet-stream',
    'content-length': length + (behaviour.wrongLengthBy ?? 0),
    ...(behaviour.noRanges === true ? {} : { 'accept-ranges': 'bytes', etag }),
    ...(partial ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    ...behaviour.headers,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const starter = setTimeout(() => pump(response, path, start, end, behaviour, sent), behaviour.firstByteDelayMs ?? 0);
  response.once('close', () => clearTimeout(starter));
}

/** Copies the range to the client and stops where the behaviour says. */
function pump(
  response: ServerResponse,
  path: string,
  start: number,
  end: number,
  behaviour: Behaviour,
  sent: (bytes: number) => void,
): void {
  const socket = response.socket;
  if (socket === null || socket.destroyed) return;
  const limit = Math.min(
    behaviour.endAfterBytes ?? Infinity,
    behaviour.resetAfterBytes ?? Infinity,
    behaviour.stallAfterBytes ?? Infinity,
  );
  const rate = behaviour.fileBytesPerSecond ?? 0;
  const chunkSize = rate > 0 ? Math.max(4096, Math.floor(rate / 50)) : 262_144;
  const reader = createReadStream(path, { start, end, highWaterMark: chunkSize });
  const startedAt = performance.now();
  let done = 0;
  let pacer: NodeJS.Timeout | undefined;
  response.once('close', () => {
    clearTimeout(pacer);
    reader.destroy();
  });
  const finish = () => {
    reader.destroy();
    if (behaviour.endAfterBytes === limit) socket.end();
    else if (behaviour.resetAfterBytes === limit) setTimeout(() => socket.resetAndDestroy(), 20);
  };
  reader.on('error', () => socket.destroy());
  reader.on('data', (chunk: string | Buffer) => {
    const bytes = (chunk as Buffer).subarray(0, Math.max(0, limit - done));
    done += bytes.length;
    sent(bytes.length);
    const room = response.write(bytes);
    if (done >= limit) {
      finish();
      return;
    }
    const aheadMs = rate > 0 ? (done / rate) * 1000 - (performance.now() - startedAt) : 0;
    if (room && aheadMs <= 0) return;
    reader.pause();
    if (!room) response.once('drain', () => reader.resume());
    else pacer = setTimeout(() => reader.resume(), aheadMs);
  });
  reader.on('end', () => {
    if ((behaviour.wrongLengthBy ?? 0) > 0) socket.end();
    else response.end();
  });
}
