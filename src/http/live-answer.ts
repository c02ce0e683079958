import type { Response } from 'express';
import type { LiveConsumer } from '../relay/contract.ts';

const mediaHeaders = {
  'Content-Type': 'video/mp2t',
  'Cache-Control': 'no-store',
  'Accept-Ranges': 'none',
  'Access-Control-Allow-Origin': '*',
  Connection: 'close',
} as const;

/** The head of a live stream without a body, for HEAD. */
export function sendLiveHead(response: Response): void {
  response.writeHead(200, { ...mediaHeaders });
  response.end();
}

/**
 * Opens a live stream for a client and hands the socket to the relay. The client's `close` leaves in its own tick, whether the consumer is
 * there already or still being opened (design C2). The body has no chunked encoding: the relay writes shared buffers straight to the
 * socket.
 */
export async function sendLive(
  response: Response,
  open: (signal: AbortSignal) => Promise<LiveConsumer>,
): Promise<void> {
  const gone = new AbortController();
  let leave = (): void => gone.abort();
  response.once('close', () => leave());
  const consumer = await open(gone.signal);
  leave = () => {
    gone.abort();
    consumer.leave();
  };
  const { socket } = response;
  if (socket === null || socket.destroyed) {
    leave();
    return;
  }
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(200, { ...mediaHeaders, 'X-Coax-Stream': consumer.relayId });
  // Head and first picture leave in one segment.
  socket.cork();
  response.flushHeaders();
  consumer.pipe(socket);
  socket.uncork();
}
