import type { Settings } from '../config/schema.ts';
import type { TranscodeSettings } from '../config/transcode-settings.ts';
import { CoaxError } from '../errors.ts';
import { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import type { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import type { Log } from '../log/log.ts';
import type { ChannelId, StreamId } from '../model/ids.ts';
import type { PlayableChannel } from '../model/playable.ts';
import type { SessionView, TranscodeView } from '../model/session-view.ts';
import type { LiveConsumer } from '../relay/contract.ts';
import type { CompleteFacts } from '../relay/facts-watch.ts';
import { blindObserver } from '../relay/observer.ts';
import { Relays } from '../relay/relays.ts';
import type { Ring } from '../relay/ring.ts';
import type { Upstream, UpstreamOptions } from '../relay/upstream.ts';
import { type Profile, transcodeArgs } from './profiles.ts';
import { Progress } from './progress.ts';
import { RingPipe } from './ring-pipe.ts';
import { machineAccount, type TranscodeSlots } from './transcode-slots.ts';
import { TranscodeRun } from './transcode-run.ts';

/** A program that starts slowly, as drivers of graphics cards do, gets this long beyond the usual to give a picture. */
const startGraceMs = 15_000;
/** ffmpeg gives what it still has when its input is over. */
const flushMs = 1_500;

export interface StageParts {
  readonly settings: () => Settings['live'];
  readonly transcode: () => TranscodeSettings;
  readonly ffmpeg: Pick<FfmpegHome, 'path'>;
  readonly slots: TranscodeSlots;
  readonly log: Log;
  readonly complete?: CompleteFacts;
  /** What a transcode gives has become known. */
  readonly onFacts?: () => void;
}

/** One viewer's place at the relay that the stage reads. */
export class Place {
  readonly copy: LiveConsumer;
  readonly ring: Ring;
  /** Rejects when its relay ends it. */
  readonly ended: Promise<never>;
  readonly #ended = Promise.withResolvers<never>();
  readonly #stage: Stage;

  constructor(copy: LiveConsumer, stage: Stage) {
    this.copy = copy;
    this.#stage = stage;
    this.ended = this.#ended.promise;
    this.ended.catch(() => {});
    const { ring } = copy;
    this.ring = ring;
    copy.read({ grown: () => stage.grown(ring), ended: (error) => this.#over(error) });
  }

  leave(): void {
    this.copy.leave();
    this.#stage.left(this);
  }

  #over(error: CoaxError): void {
    this.#ended.reject(error);
    this.#stage.left(this, error);
  }
}

/**
 * A channel as a profile makes it: one ffmpeg that reads the channel's relay, and a relay of its own behind it, with its ring, its joins at key
 * frames and its consumers. Each of these also has a place at the channel's relay, so that this knows for whom it runs.
 */
export class Stage {
  readonly profile: Profile;
  readonly relays: Relays;
  readonly channel: PlayableChannel;
  readonly #parts: StageParts;
  readonly #empty: () => void;
  readonly #places = new Set<Place>();
  #ring: Ring | null = null;
  #run: TranscodeRun | null = null;
  /** Why the channel's relay is over. */
  #over: CoaxError | null = null;

  constructor(channel: PlayableChannel, profile: Profile, parts: StageParts, empty: () => void) {
    this.profile = profile;
    this.#parts = parts;
    this.#empty = empty;
    this.channel = {
      channelId: channel.channelId,
      name: channel.name,
      streams: channel.streams.slice(0, 1).map(({ sourceId }) => ({
        streamId: `${channel.channelId}:${profile.name}` as StreamId,
        sourceId,
        accounts: [machineAccount],
        request: () => ({ kind: 'relay' as const }),
      })),
    };
    const live = parts.settings();
    this.relays = new Relays({
      // The channel's relay looks after its provider; here only ffmpeg can fail, and that is watched by the run.
      settings: { ...live, startMs: live.startMs + startGraceMs, stallMs: 3_600_000, startingSlate: 'off' },
      leases: parts.slots,
      openUpstream: (_, options) => this.#open(options),
      log: parts.log.child({ profile: profile.name }),
      observer: { ...blindObserver, relays: (change) => void (change < 0 && queueMicrotask(() => this.#look())) },
      onFacts: () => parts.onFacts?.(),
      ...(parts.complete === undefined ? {} : { complete: parts.complete }),
    });
  }

  get channelId(): ChannelId {
    return this.channel.channelId;
  }

  /** The channel's relay has ended it: who comes now needs another one. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** Somebody has a place at the channel's relay. */
  get isServing(): boolean {
    return this.#places.size > 0;
  }

  /** Takes a place at the channel's relay for somebody who is to be served here. Call it in the turn the place was given. */
  enter(copy: LiveConsumer): Place {
    const place = new Place(copy, this);
    this.#places.add(place);
    if (this.#ring !== place.ring) {
      this.#ring = place.ring;
      // Another relay serves the channel now: its times are others.
      this.#run?.lose(new CoaxError('UPSTREAM_ENDED', 'The channel was opened anew'));
    }
    return place;
  }

  /** The ring has grown; told once for each place. */
  grown(ring: Ring): void {
    if (ring === this.#ring) this.#run?.pipe.pump();
  }

  left(place: Place, error: CoaxError | null = null): void {
    if (!this.#places.delete(place) || this.#places.size > 0) return;
    // Nobody is left at once where the relay is over; then what ffmpeg still has goes out.
    if (error !== null) this.#finish(error);
    this.#look();
  }

  views(): SessionView[] {
    return this.relays.snapshot().map((view) => this.adorned(view));
  }

  /** A view of its relay without what only relays of providers have. */
  adorned(view: SessionView): SessionView {
    const { accountId: _a, leaseId: _l, streamId: _s, failover: _f, ...rest } = view;
    const transcode: TranscodeView = {
      profile: this.profile.name,
      ...(this.#run?.child.pid === undefined ? {} : { pid: this.#run.child.pid }),
      ...(this.#run === null ? {} : { speed: this.#run.progress.speed, skips: this.#run.pipe.skips }),
    };
    return { ...rest, transcode };
  }

  stop(error: CoaxError): void {
    this.#over = error;
    for (const { id } of this.relays.snapshot()) this.relays.stop(id);
  }

  async #open({ lease, signal, connectMs }: UpstreamOptions): Promise<Upstream> {
    const { ffmpeg, transcode, settings } = this.#parts;
    const path = await ffmpeg.path();
    const ring = this.#ring;
    if (signal.aborted) throw new CoaxError('CANCELLED');
    if (ring === null || this.#over !== null) throw this.#over ?? new CoaxError('CANCELLED');
    lease.connecting();
    const progress = new Progress();
    const { niceness, stallMs } = transcode();
    const args = transcodeArgs(this.profile);
    const child = new FfmpegChild({ path, args, niceness, onLine: (line) => progress.take(line) });
    lease.attach(child);
    const pipe = new RingPipe(ring, child.stdin, settings().backlogMs);
    const run = new TranscodeRun({ child, pipe, progress, stallMs });
    this.#run?.destroy();
    this.#run = run;
    pipe.pump();
    const late = connectMs + startGraceMs;
    const error = new CoaxError('UPSTREAM_TRANSCODE', `ffmpeg gave nothing within ${late} ms`);
    const timer = setTimeout(() => run.lose(error), late);
    const abort = (): void => run.lose(new CoaxError('CANCELLED'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      await run.begun;
      return run;
    } catch (failure) {
      run.destroy();
      if (this.#run === run) this.#run = null;
      throw this.#over ?? failure;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  #finish(error: CoaxError): void {
    this.#over = error;
    const run = this.#run;
    const over = (): void => {
      if (this.#over === error) this.stop(error);
    };
    if (run === null) return over();
    run.pipe.end();
    const timer = setTimeout(over, flushMs);
    void run.child.ended.then(() => {
      clearTimeout(timer);
      over();
    });
  }

  /** It may be forgotten once nobody is served and its relay is closed. */
  #look(): void {
    if (this.#places.size === 0 && this.relays.snapshot().length === 0) this.#empty();
  }
}
