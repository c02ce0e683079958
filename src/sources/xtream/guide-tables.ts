import { CoaxError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { GuideId } from '../../model/ids.ts';
import type { GuideSink, ReadContext, WantedGuide } from '../contract.ts';
import { waitFor } from '../retry-delay.ts';
import { isSourceFailure } from '../source-failure.ts';
import type { XtreamApi } from './api.ts';
import { decodeListings } from './decode-epg.ts';
import type { XtreamLogin } from './url.ts';

export interface GuideTablesOptions {
  readonly api: XtreamApi;
  readonly login: XtreamLogin;
  /** The panel's, for listings without time stamps. */
  readonly zone: string | undefined;
  readonly log: Log;
  /** The least time between two calls. Asking faster is what gets clients banned (Jellyfin.Xtream#139, iptvnator#682). */
  readonly intervalMs?: number;
  /** The most channels asked for. */
  readonly maxChannels?: number;
}

const failuresInARow = 3;
/** When so many channels in a row have no listing and none had, the panel has no guide. */
const emptyInARow = 20;

/**
 * Reads the guide channel by channel (`get_simple_data_table`), slowly and for a bounded number of channels. Resolves to the number of
 * programmes. Throws the last failure when the panel stops answering.
 */
export async function readGuideTables(
  options: GuideTablesOptions,
  wanted: readonly WantedGuide[],
  sink: GuideSink,
  context: ReadContext,
): Promise<number> {
  const { api, login, zone, log, intervalMs = 500, maxChannels = 500 } = options;
  const { signal } = context;
  const byGuide = new Map<string, string>();
  for (const { guideId, providerId } of wanted)
    if (guideId !== '' && !byGuide.has(guideId)) byGuide.set(guideId, providerId);
  const channels = [...byGuide].slice(0, maxChannels);
  if (channels.length < byGuide.size)
    log.warn('guide is read for some channels only', { wanted: byGuide.size, limit: maxChannels });
  let programmes = 0;
  let failures = 0;
  let at = 0;
  for (const [guideId, providerId] of channels) {
    if (at > 0) await waitFor(intervalMs, signal).catch(() => Promise.reject(new CoaxError('CANCELLED')));
    at += 1;
    try {
      const answer = await api.call(login, 'get_simple_data_table', { stream_id: providerId }, signal, 2);
      const { items, rejects } = decodeListings(answer, guideId as GuideId, zone);
      failures = 0;
      for (const reject of rejects.slice(0, 20)) sink.reject({ ...reject, at });
      if (items.length > 0) {
        programmes += items.length;
        await sink.channels([{ id: guideId as GuideId, names: [] }]);
        await sink.programmes(items);
      }
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      failures += 1;
      sink.reject({ what: 'guide-channel', at, reason: error.message });
      const final = ['SOURCE_LOGIN_REFUSED', 'SOURCE_BLOCKED', 'SOURCE_EXPIRED'].includes(error.code);
      if (final || error.code === 'SOURCE_BUSY' || failures >= failuresInARow) throw error;
    }
    context.progress('guide, channel by channel', at, channels.length);
    if (programmes === 0 && at >= emptyInARow) break;
  }
  return programmes;
}
