import type { Socket } from 'node:net';

/** SHOUTcast answers `ICY 200 OK`, which no HTTP parser takes: the first bytes are rewritten on their way in. */
export function tolerateIcy(socket: Socket): void {
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array && chunk.length > 0) {
      socket.push = push;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (bytes.subarray(0, 4).toString('latin1') === 'ICY ')
        return push(Buffer.concat([Buffer.from('HTTP/1.0 '), bytes.subarray(4)]), encoding);
    }
    return push(chunk, encoding);
  };
}
