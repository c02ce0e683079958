import { pcrOf, packetSize } from '../mpegts/packet.ts';
import { TsSync } from '../mpegts/sync.ts';
import { pcrDifference, pcrHz } from '../mpegts/time.ts';

/** Two looks at one live stream differ by the time between them, give or take what a server sends in advance. */
const toleranceSec = 20;

/** A clock reading of the first bytes of a stream. */
export interface ClockLook {
  /** 27 MHz ticks. */
  readonly pcr: number;
  /** A `performance.now()` reading. */
  readonly atMs: number;
}

/** The first PCR in some bytes of a transport stream; undefined when there is none. */
export function firstPcr(bytes: Buffer): number | undefined {
  for (const packets of new TsSync().push(bytes)) {
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const pcr = pcrOf(packets, offset);
      if (pcr >= 0) return pcr;
    }
  }
  return undefined;
}

/**
 * Whether two answers, one asked for the wished time and one for a time that no archive reaches back to, are one live stream: a panel that
 * does not understand the question plays what is on now. Its clock then went on between the two just as ours did.
 */
export function isOneLiveStream(first: ClockLook, second: ClockLook): boolean {
  const streamSec = pcrDifference(second.pcr, first.pcr) / pcrHz;
  return Math.abs(streamSec - (second.atMs - first.atMs) / 1000) <= toleranceSec;
}
