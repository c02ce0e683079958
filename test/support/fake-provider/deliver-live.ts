import type { ServerResponse } from 'node:http';
import type { LiveLoop } from './live-loop.ts';
import type { Behaviour } from './settings.ts';

const tickMs = 10;
const mostQueued = 4_194_304;

export interface LiveDelivery {
  readonly loop: LiveLoop;
  readonly programNumber: number;
  /** Where the live edge is now, in bytes of the endless stream. */
  livePosition(): number;
  /** True while nothing may be sent at all. */
  frozen(): boolean;
  sent(bytes: number): void;
}

const aligned = (bytes: number) => Math.max(0, Math.floor(bytes / 188) * 188);

/** Sends an endless channel at its own rate until the client goes or the behaviour says so. */
export function deliverLive(response: ServerResponse, delivery: LiveDelivery, behaviour: Behaviour): void {
  const socket = response.socket;
  if (socket === null) return;
  const rate = delivery.loop.bytesPerSecond;
  const burst = aligned(behaviour.burstBytes ?? 0);
  let position = aligned(delivery.livePosition() - burst);
  const startPosition = position;
  let startedAt = Number.NaN;
  let packets = 0;
  const limit = Math.min(
    behaviour.endAfterBytes ?? Infinity,
    behaviour.resetAfterBytes ?? Infinity,
    behaviour.stallAfterBytes ?? Infinity,
  );

  const due = (elapsedMs: number): number => {
    const slowMs = Math.min(elapsedMs, behaviour.slowStartMs ?? 0);
    const slow = (slowMs / 1000) * ((behaviour.slowStartBps ?? 0) / 8);
    if (slowMs > 0 && elapsedMs < (behaviour.slowStartMs ?? 0)) return slow;
    return burst + slow + ((elapsedMs - slowMs) / 1000) * rate;
  };
  const stop = () => clearInterval(timer);
  const tick = () => {
    if (delivery.frozen()) return;
    if (Number.isNaN(startedAt)) startedAt = performance.now();
    const elapsedMs = performance.now() - startedAt;
    if (behaviour.endAfterMs !== undefined && elapsedMs >= behaviour.endAfterMs) {
      stop();
      response.end();
      return;
    }
    if (socket.writableLength > mostQueued) return;
    const already = position - startPosition;
    const wanted = Math.min(due(elapsedMs) + 188, limit + 187) - already;
    if (wanted >= 188) {
      let bytes = delivery.loop.read(position, Math.min(wanted, 1_048_576), delivery.programNumber);
      position += bytes.length;
      const over = position - startPosition - limit;
      if (over > 0) bytes = bytes.subarray(0, bytes.length - over);
      if (behaviour.dropEvery !== undefined) bytes = dropped(bytes, behaviour.dropEvery);
      delivery.sent(bytes.length);
      response.write(bytes);
    }
    if (position - startPosition < limit) return;
    stop();
    if (behaviour.endAfterBytes === limit) response.end();
    else if (behaviour.resetAfterBytes === limit) setTimeout(() => socket.resetAndDestroy(), 20);
  };
  const dropped = (bytes: Buffer, every: number): Buffer => {
    const kept: Buffer[] = [];
    for (let at = 0; at + 188 <= bytes.length; at += 188) {
      packets += 1;
      if (packets % every !== 0) kept.push(bytes.subarray(at, at + 188));
    }
    return Buffer.concat(kept);
  };

  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    if (socket.destroyed) return;
    timer = setInterval(tick, tickMs);
    tick();
  };
  response.once('close', () => {
    clearTimeout(starter);
    stop();
  });
  const starter = setTimeout(begin, behaviour.firstByteDelayMs ?? 0);
}
