import { nullPid, packetSize, pcrOf, pidOf } from '../mpegts/packet.ts';
import { TsSync } from '../mpegts/sync.ts';
import { pcrDifference, pcrHz } from '../mpegts/time.ts';

/** Less of a stream says nothing of the rest. */
const leastSec = 0.4;

/** Bytes a second of a piece of a transport stream, without its null packets, by its clock; undefined when it is too short to tell. */
export function bytesPerSecond(bytes: Buffer): number | undefined {
  let pid = -1;
  let first = -1;
  let last = -1;
  let firstAt = 0;
  let lastAt = 0;
  let at = 0;
  for (const packets of new TsSync().push(bytes)) {
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const own = pidOf(packets, offset);
      if (own !== nullPid) at += packetSize;
      const pcr = pcrOf(packets, offset);
      if (pcr < 0 || (pid >= 0 && own !== pid)) continue;
      if (pid < 0) [pid, first, firstAt] = [own, pcr, at];
      // A break in the recording: only what stands before it counts.
      if (last >= 0 && Math.abs(pcrDifference(pcr, last)) > 10 * pcrHz) return rate(first, last, lastAt - firstAt);
      [last, lastAt] = [pcr, at];
    }
  }
  return rate(first, last, lastAt - firstAt);
}

function rate(first: number, last: number, bytes: number): number | undefined {
  const seconds = first < 0 ? 0 : pcrDifference(last, first) / pcrHz;
  return seconds < leastSec ? undefined : bytes / seconds;
}
