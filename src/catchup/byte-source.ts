import type { IncomingMessage } from 'node:http';
import type { ByteSource } from './archive-body.ts';

/** The body of an HTTP answer. */
export function bodySource(body: IncomingMessage): ByteSource {
  body.on('error', () => {});
  return {
    start: ({ data, over }) => {
      body.on('data', data);
      body.once('end', over);
      body.once('close', over);
      if (body.readableEnded || body.destroyed) over();
    },
    pause: () => void body.pause(),
    resume: () => void body.resume(),
    destroy: () => void body.destroy(),
  };
}

/** What is read segment by segment and comes by itself, but can be held back for a time: an `Upstream` of the relay is one. */
export interface PushedStream {
  start(sink: { data(chunk: Buffer): void; lost(error: Error): void }): void;
  hold?(ms: number): void;
  destroy(): void;
}

const holdMs = 2_000;

/** Holds a stream back again and again for as long as nothing is wanted. */
export function pushedSource(stream: PushedStream): ByteSource {
  let again: NodeJS.Timeout | undefined;
  const hold = (): void => {
    stream.hold?.(holdMs);
    again = setTimeout(hold, holdMs / 2);
  };
  return {
    start: ({ data, over }) => stream.start({ data, lost: over }),
    pause: () => {
      clearTimeout(again);
      hold();
    },
    resume: () => {
      clearTimeout(again);
      stream.hold?.(0);
    },
    destroy: () => {
      clearTimeout(again);
      stream.destroy();
    },
  };
}
