import type { Lease } from '../accounts/lease.ts';
import type { SessionId } from '../model/ids.ts';
import type { SessionView } from '../model/session-view.ts';
import type { PlayableFile } from './contract.ts';
import type { RateMeter } from './rate-meter.ts';
import type { Reader } from './reader.ts';

/** What a session shows of itself. */
export interface SessionParts {
  readonly id: SessionId;
  readonly file: PlayableFile;
  readonly since: number;
  readonly state: string;
  readonly lease: Lease | null;
  readonly readers: readonly Reader[];
  readonly rate: RateMeter;
  /** Bytes of the responses that are over. */
  readonly bytesOut: number;
  readonly reconnects: number;
}

/** Lists a session as the API shows it. */
export function viewSession(parts: SessionParts): SessionView {
  const { id, file, since, state, lease, readers, rate, reconnects } = parts;
  const bitRate = rate.bitRate();
  const bufferedBytes = readers.reduce((sum, reader) => sum + reader.queuedBytes, 0);
  return {
    id,
    kind: file.purpose ?? 'vod',
    state,
    title: file.title,
    itemId: file.itemId,
    ...(file.channelId === undefined ? {} : { channelId: file.channelId }),
    sourceId: file.sourceId,
    ...(lease ? { accountId: lease.accountId, leaseId: lease.id } : {}),
    since,
    bytesIn: rate.total,
    bytesOut: readers.reduce((sum, reader) => sum + reader.sentBytes, parts.bytesOut),
    bitRate,
    bufferedBytes,
    bufferedMs: bitRate === 0 ? 0 : Math.round((bufferedBytes * 8_000) / bitRate),
    reconnects,
    consumers: readers.map((reader) => reader.view()),
  };
}
