import type { Catchup } from './items.ts';
import type { UpstreamRequest } from './upstream-request.ts';

const daySec = 86_400;
/** How far an archive is believed to reach back whose provider does not say. */
const usualDays = 7;
/** No provider keeps more, whatever it says. */
const mostDays = 31;

/** How many days back an archive reaches. */
export function archiveDays({ days }: Pick<Catchup, 'days'>): number {
  return days > 0 ? Math.min(mostDays, days) : usualDays;
}

/** Whether a programme that began at `startUnix` is in one of the archives: it has begun, and is not too old for it. */
export function isArchived(archives: readonly Pick<Catchup, 'days'>[], startUnix: number, nowUnix: number): boolean {
  if (startUnix >= nowUnix) return false;
  return archives.some((archive) => startUnix >= nowUnix - archiveDays(archive) * daySec);
}

/** The archives of a channel: those of its streams. */
export function archivesOf(channel: {
  readonly catchup: Catchup | null;
  readonly streams?: readonly { readonly catchup?: Catchup }[];
}): readonly Catchup[] {
  const found = (channel.streams ?? []).flatMap(({ catchup }) => (catchup === undefined ? [] : [catchup]));
  return found.length > 0 || channel.catchup === null ? found : [channel.catchup];
}

/** A piece of a channel's archive. Times are Unix seconds; `endUnix` is after `startUnix`. */
export interface ArchiveWindow {
  readonly startUnix: number;
  readonly endUnix: number;
  /** When it is asked for: some providers are told how long ago the piece began. */
  readonly nowUnix: number;
  /** The programme's `catchup-id`, for providers that name pieces instead of times. */
  readonly catchupId?: string;
}

/** One way to ask a provider for a piece of its archive. */
export interface ArchiveWay {
  /** Names the form of the address, the same for every piece: what worked once is asked first the next time. */
  readonly form: string;
  readonly request: UpstreamRequest;
  /** Where the answer begins: at or before the wished start, as the form may know whole minutes only. Undefined where nobody knows. */
  readonly startUnix: number;
  /** How much is asked for, in seconds. */
  readonly durationSec: number;
  /** Some panels answer this form with live TV, whatever start it names. */
  readonly mayBeLive?: boolean;
}
