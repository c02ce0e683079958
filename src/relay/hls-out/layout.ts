import { pidOf } from '../../mpegts/packet.ts';
import { tablesIn } from '../seam.ts';

/** What of a stream's tables matters to who cuts it. */
export interface Layout {
  /** Streams and their codecs: when it changes, decoders have to begin anew. */
  readonly key: string;
  /** PID of the picture, or of the sound where there is none. */
  readonly mainPid: number;
  /** Its codec by ffprobe's name. */
  readonly codec: string;
  readonly isPicture: boolean;
  /** All its streams. */
  readonly pids: ReadonlySet<number>;
  /** The other streams with sound. */
  readonly soundPids: readonly number[];
}

/** The layout of an entry point: its tables, and the packets that stand there. Null where they tell nothing. */
export function layoutAt(tables: Buffer, packets: Buffer): Layout | null {
  const { program } = tablesIn(tables);
  if (program === null || packets.length < 4) return null;
  const mainPid = pidOf(packets, 0);
  const main = program.streams.find(({ pid }) => pid === mainPid);
  if (main === undefined) return null;
  return {
    key: `${mainPid} ${program.pcrPid} ${program.streams.map(({ pid, streamType, codec }) => `${pid}:${streamType}:${codec}`).join(' ')}`,
    mainPid,
    codec: main.codec,
    isPicture: main.kind === 'video',
    pids: new Set(program.streams.map(({ pid }) => pid)),
    soundPids: program.streams.filter(({ kind, pid }) => kind === 'audio' && pid !== mainPid).map(({ pid }) => pid),
  };
}
