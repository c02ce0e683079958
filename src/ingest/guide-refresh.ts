import { guidedChannels } from '../catalog/channel-import.ts';
import { ensureFeed, FeedImport } from '../catalog/feed-import.ts';
import { SourceStates } from '../catalog/source-states.ts';
import { toCoaxError } from '../errors.ts';
import { archiveDays } from '../model/archive.ts';
import { WantedGuides } from '../guide/guide-of-channel.ts';
import type { GuideSink, ReadContext, WantedGuide } from '../sources/contract.ts';
import { judge } from './guards.ts';
import type { Problem } from './outcome.ts';
import { type RefreshRunOptions, throwIfCancelled } from './refresh-options.ts';
import type { RejectLog } from './reject-log.ts';

const daySec = 86_400;
/**
 * Guide channels that no channel of the source can use yet keep their programmes too, so that choosing one shows its guide at once; but
 * no more than these, as world-wide guides carry tens of thousands.
 */
const spareGuideChannels = 1_000;

export interface GuideOutcome {
  readonly programmes: number;
  /** Whether what is in use is what the provider says now. */
  readonly published: boolean;
  readonly problem: Problem | null;
}

function windowOf({ now, settings }: RefreshRunOptions): {
  readonly today: number;
  readonly fromUnix: number;
  readonly toUnix: number;
} {
  // Whole days, so that a guide that did not change stays unchanged until the next day.
  const today = Math.floor(now / 1000 / daySec) * daySec;
  return {
    today,
    fromUnix: today - Math.ceil(settings.guidePastDays * daySec),
    toUnix: today + Math.ceil((settings.guideFutureDays + 1) * daySec),
  };
}

/** Reads the guide of a source into a new generation, and publishes it if the guards let it. Throws CANCELLED only. */
export async function refreshGuide(
  options: RefreshRunOptions,
  rejects: RejectLog,
  context: ReadContext,
): Promise<GuideOutcome> {
  const { database, sourceId, now, signal } = options;
  const states = new SourceStates(database);
  const wanted = new WantedGuides();
  const channels: WantedGuide[] = [];
  for (const channel of guidedChannels(database, sourceId)) {
    wanted.add(channel, channel.catchup === null ? 0 : archiveDays(channel.catchup));
    if (channel.guideId !== null && channel.guideId !== '')
      channels.push({ providerId: channel.providerId, guideId: channel.guideId });
  }
  const feed = ensureFeed(database, { sourceId, name: 'guide', priority: 0 });
  const { today, fromUnix, toUnix } = windowOf(options);
  const target = new FeedImport(database, feed.id, {
    fromUnix,
    toUnix,
    nowUnix: Math.floor(now / 1000),
    spareChannels: spareGuideChannels,
    isWanted: (id, names) => wanted.has(id, names),
    // What an archive can still play stays listed.
    keepsFrom: (id, names) => today - wanted.pastDays(id, names) * daySec,
  });
  const earliest = Math.min(fromUnix, today - wanted.mostPastDays * daySec);
  const sink: GuideSink = {
    interest: { fromUnix: earliest, toUnix, wanted: (id) => target.keeps(id) },
    channels: (batch) => target.channels(batch),
    programmes: (batch) => {
      signal.throwIfAborted();
      target.programmes(batch);
    },
    reject: (reject) => rejects.add(reject),
  };
  const rejected = () => rejects.count('programme', 'guide-channel');
  const failed = (code: string, message: string, hold: { readonly count: number } | null): GuideOutcome => {
    target.discard();
    database.write(() => states.failed(sourceId, 'guide', now, { code, message }, rejected(), hold));
    return { programmes: feed.programmes, published: false, problem: { part: 'guide', code, message } };
  };
  try {
    const isThere = await options.reader.readGuide(sink, context, channels);
    signal.throwIfAborted();
    const after = target.finish();
    const held = states.held(sourceId, 'guide')?.count ?? null;
    const verdict = judge({
      part: 'guide',
      state: isThere ? 'complete' : 'absent',
      before: feed.programmes,
      after,
      heldCount: held,
      collapseShare: options.settings.collapseShare,
    });
    if (verdict.kind === 'keep') return failed(verdict.code, verdict.message, verdict.hold);
    if (verdict.kind === 'skip') {
      target.discard();
      return { programmes: feed.programmes, published: false, problem: null };
    }
    target.publish();
    database.write(() => states.succeeded(sourceId, 'guide', now, after, rejected()));
    return { programmes: after, published: true, problem: null };
  } catch (error) {
    if (signal.aborted) target.discard();
    throwIfCancelled(error, signal);
    const { code, message } = toCoaxError(error);
    return failed(code, message, states.held(sourceId, 'guide'));
  }
}
