import { CoaxError, toCoaxError } from '../../errors.ts';
import { ptsDifference } from '../../mpegts/time.ts';
import type { MediaSession } from '../../sources/media-session.ts';
import type { HlsSegment } from '../../text/hls-types.ts';
import { delay } from '../../delay.ts';
import type { Upstream, UpstreamSink } from '../upstream.ts';
import { Assembly } from './assembly.ts';
import { isHiccup, isUnplayable, mayHaveExpired } from './hls-failure.ts';
import { HlsFetch } from './hls-fetch.ts';
import { HlsLists, type HlsPlace, OtherStream } from './hls-lists.ts';
import { Outbox } from './outbox.ts';
import type { Role } from './passage.ts';
import { SegmentParts } from './segment-parts.ts';
import type { HlsPolicy } from './variant-choice.ts';

/** Segments in a row that may be missing. */
const mostMissing = 4;
/** One that falls silent however often it is asked for counts as so many: with two in a row the stream stands still. */
const stalledWeight = 3;
/** How often a segment is asked for when its connection breaks. */
const mostAttempts = 3;
const firstRetryMs = 250;
/** How often the stream's own address is asked for new ones, before a segment of them was read. */
const mostRenewals = 2;
const leastSilenceMs = 4_000;
const watchMs = 500;
/** A playlist that could not be got is asked for again after this. */
const listRetryMs = 1_000;
/** How much earlier the sound is read than the picture it belongs to. */
const soundLeadTicks = 9_000;

export interface HlsReaderOptions {
  readonly session: MediaSession;
  readonly policy: HlsPolicy;
  readonly secrets: readonly string[];
  readonly stallMs: number;
  /** Where an earlier connection of the same lease stopped. */
  readonly after: HlsPlace | null;
  /** Told after each segment. */
  readonly reached: (place: HlsPlace) => void;
}

interface Begun {
  readonly sequence: number;
  given: number;
}

/**
 * Plays an HLS stream: reads its playlists and segments one after the other on one connection, and gives them out as one transport stream
 * as they come in. It reads ahead as far as the playlist and the outbox allow, whatever holds it.
 */
export class HlsReader implements Upstream {
  readonly closed: Promise<void>;
  readonly #options: HlsReaderOptions;
  readonly #outbox = new Outbox();
  readonly #end = new AbortController();
  readonly #fetch: HlsFetch;
  readonly #lists: HlsLists;
  readonly #parts: SegmentParts;
  readonly #opened = Promise.withResolvers<void>();
  #watch: NodeJS.Timeout | undefined;
  /** When something came last that was waited for; what a segment brings a second time is not. */
  #heardMs = 0;
  /** The outbox is full: nothing is waited for. */
  #isResting = false;
  #hasBegun = false;
  /** The segment before which the stream was cut last. */
  #cutAt = -1;
  /** Bytes of a segment that were given before it broke off. */
  readonly #begun = new Map<Role, Begun>();
  #missing = 0;
  #renewals = 0;
  /** Segment for which the stream's own address was asked already. */
  #renewedFor = '';
  #failure: CoaxError | null = null;

  constructor(options: HlsReaderOptions) {
    this.#options = options;
    const { session, secrets, stallMs, policy, after } = options;
    this.closed = session.closed;
    this.#fetch = new HlsFetch({
      session,
      signal: this.#end.signal,
      // Less than what ends the stream, so that there is time for another try.
      silenceMs: Math.max(Math.min(leastSilenceMs, stallMs), stallMs / 2),
      secrets,
      carries: () => this.#hasBegun,
      // A list that says nothing new is no sign of life, except before anything else came.
      received: (what) => {
        if (what === 'skipped' || !this.#hasBegun) this.#heardMs = performance.now();
      },
    });
    this.#lists = new HlsLists(this.#fetch, policy, after);
    this.#parts = new SegmentParts(this.#fetch);
  }

  /** Begins to read and resolves with the first bytes of media. On failure everything is closed. */
  async open(signal: AbortSignal): Promise<void> {
    const abort = (): void => this.#lose(new CoaxError('CANCELLED'));
    signal.addEventListener('abort', abort, { once: true });
    this.#heardMs = performance.now();
    this.#watch = setInterval(() => this.#look(), watchMs);
    if (signal.aborted) abort();
    else this.#run().catch((error: unknown) => this.#lose(error instanceof OtherStream ? error : toCoaxError(error)));
    try {
      await this.#opened.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  start(sink: UpstreamSink): void {
    this.#outbox.start(sink);
  }

  hold(ms: number): void {
    this.#outbox.hold(ms);
  }

  destroy(): void {
    this.#stop();
    this.#outbox.close();
  }

  #stop(): void {
    clearInterval(this.#watch);
    this.#end.abort();
    this.#options.session.destroy();
  }

  /** The connection goes in this turn; what was read goes out first. */
  #lose(error: CoaxError | OtherStream): void {
    this.#stop();
    this.#opened.reject(error);
    // Whoever waits for the opening has it; nobody has to.
    this.#opened.promise.catch(() => {});
    if (!(error instanceof OtherStream)) this.#outbox.end(error);
  }

  async #run(): Promise<void> {
    await this.#lists.open();
    const { roles } = this.#lists;
    const assembly = new Assembly(
      {
        bytes: (packets) => {
          this.#hasBegun = true;
          this.#opened.resolve();
          this.#outbox.push(packets);
        },
        cut: () => this.#outbox.cut(),
      },
      roles,
    );
    while (!this.#end.signal.aborted) {
      const role = this.#nextRole(assembly);
      // oxlint-disable-next-line no-await-in-loop -- one request after the other
      if (role !== null) await this.#step(assembly, role);
      else if (roles.every((each) => this.#lists.follower(each)?.isOver === true)) {
        assembly.finish();
        const message = 'The provider ended the stream';
        throw new CoaxError('UPSTREAM_ENDED', message, { details: { complete: true } });
        // oxlint-disable-next-line no-await-in-loop
      } else await this.#refresh();
    }
  }

  /** Of picture and sound in two playlists, the one that is behind; the sound is read a segment ahead. */
  #nextRole(assembly: Assembly): Role | null {
    const pictures = this.#lists.follower('main');
    const main = pictures?.next() ?? null;
    const follower = this.#lists.follower('audio');
    if (follower === undefined) return main === null ? null : 'main';
    const audio = follower.next();
    const isLate = (): boolean => {
      const [sound, picture] = [assembly.headOf('audio'), assembly.headOf('main')];
      if (sound < 0) return !assembly.has('audio');
      const needed = (main?.segment.durationMs ?? 0) * 90 - soundLeadTicks;
      return picture >= 0 && ptsDifference(sound, picture) < needed;
    };
    if (main === null) return audio !== null && (pictures?.isOver === true || isLate()) ? 'audio' : null;
    if (audio === null) return follower.isOver || !isLate() ? 'main' : null;
    const [picture, sound] = [this.#lists.discontinuityOf('main'), this.#lists.discontinuityOf('audio')];
    // The sound of the new time line must not get into the old one.
    if (main.isCut && sound >= picture) this.#cutBefore(assembly, main.segment);
    if (picture !== sound) return sound < picture ? 'audio' : 'main';
    return isLate() ? 'audio' : 'main';
  }

  /** Once for each segment, however often it is asked for. */
  #cutBefore(assembly: Assembly, { sequence }: HlsSegment): void {
    if (this.#cutAt === sequence) return;
    this.#cutAt = sequence;
    assembly.cut();
  }

  async #step(assembly: Assembly, role: Role): Promise<void> {
    const follower = this.#lists.follower(role);
    const next = follower?.next() ?? null;
    if (follower === undefined || next === null) return;
    const { segment, isCut } = next;
    if (isCut && role === 'main') this.#cutBefore(assembly, segment);
    await this.#rest();
    try {
      await this.#read(assembly, role, segment);
    } catch (error) {
      const failure = toCoaxError(error);
      if (this.#end.signal.aborted || isUnplayable(failure)) throw failure;
      if (await this.#renewFor(`${role} ${segment.sequence}`, failure)) return;
      this.#missing += failure.code === 'UPSTREAM_STALLED' ? stalledWeight : 1;
      if (this.#missing > mostMissing) throw failure;
      follower.skip(segment);
      this.#begun.delete(role);
      return;
    }
    this.#begun.delete(role);
    if (role === 'main') this.#cutAt = -1;
    this.#missing = 0;
    this.#renewals = 0;
    this.#renewedFor = '';
    this.#failure = null;
    follower.done(segment);
    if (role === 'main') this.#options.reached({ sequence: segment.sequence });
  }

  /** Reads one segment to its end, again from where it broke off. */
  async #read(assembly: Assembly, role: Role, segment: HlsSegment): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        const init = await this.#parts.init(segment);
        // oxlint-disable-next-line no-await-in-loop
        const cipher = await this.#parts.cipher(segment);
        const begun = this.#beginning(assembly, role, segment, init);
        let passed = 0;
        const give = (plain: Buffer): void => {
          const fresh = plain.subarray(Math.max(0, Math.min(plain.length, begun.given - passed)));
          passed += plain.length;
          begun.given = Math.max(begun.given, passed);
          if (fresh.length > 0) this.#heardMs = performance.now();
          assembly.push(role, fresh);
        };
        // oxlint-disable-next-line no-await-in-loop
        for await (const part of this.#fetch.parts(segment.uri, segment.range)) {
          give(cipher === null ? part : cipher.push(part));
          await this.#rest();
        }
        if (cipher !== null) give(cipher.end());
        assembly.end(role);
        return;
      } catch (error) {
        const failure = toCoaxError(error);
        if (this.#end.signal.aborted || attempt >= mostAttempts || !isHiccup(failure)) throw failure;
        this.#failure = failure;
        // oxlint-disable-next-line no-await-in-loop
        await delay(failure.retryAfterMs ?? firstRetryMs * attempt, this.#end.signal);
      }
    }
  }

  /** What was given of the segment already, if it broke off before. */
  #beginning(assembly: Assembly, role: Role, { sequence, durationMs }: HlsSegment, init: Buffer | null): Begun {
    const known = this.#begun.get(role);
    if (known?.sequence === sequence) return known;
    const begun = { sequence, given: 0 };
    this.#begun.set(role, begun);
    assembly.begin(role, durationMs, init);
    return begun;
  }

  /** Waits while more is read than is wanted. */
  async #rest(): Promise<void> {
    if (this.#outbox.hasRoom) return;
    this.#isResting = true;
    await this.#outbox.room();
    this.#isResting = false;
    this.#heardMs = performance.now();
  }

  /** Waits until a playlist may be asked for again, and asks for it. */
  async #refresh(): Promise<void> {
    const due = this.#lists.roles
      .map((role) => ({ role, follower: this.#lists.follower(role) }))
      .filter(({ follower }) => follower?.next() === null && follower.list?.isEnded !== true)
      .sort((one, other) => (one.follower?.reloadMs ?? 0) - (other.follower?.reloadMs ?? 0))[0];
    const waitMs = (due?.follower?.reloadMs ?? 0) - performance.now();
    if (waitMs > 0) await delay(waitMs, this.#end.signal);
    if (due === undefined) {
      await delay(watchMs, this.#end.signal);
      return;
    }
    try {
      if (await this.#lists.reload(due.role)) {
        this.#failure = null;
        this.#heardMs = performance.now();
      }
    } catch (error) {
      const failure = toCoaxError(error);
      if (this.#end.signal.aborted) throw failure;
      // Some addresses of playlists are good for one request: whenever the stream's own one gives a list, all is well.
      if (mayHaveExpired(failure)) return this.#renew(failure);
      if (!isHiccup(failure)) throw failure;
      this.#failure = failure;
      await delay(failure.retryAfterMs ?? listRetryMs, this.#end.signal);
    }
  }

  /** Asks for new addresses of a segment that is not where it was; once for each, and never again and again without success in between. */
  async #renewFor(what: string, failure: CoaxError): Promise<boolean> {
    if (!mayHaveExpired(failure) || this.#renewedFor === what || this.#renewals >= mostRenewals) return false;
    this.#renewedFor = what;
    if (this.#renewals++ > 0) await delay(listRetryMs, this.#end.signal);
    await this.#renew(failure);
    return true;
  }

  /** Asks the stream's own address for its playlists; the place in them is kept. */
  async #renew(failure: CoaxError): Promise<void> {
    this.#failure = failure;
    const before = this.#lists.roles.join();
    for (let attempt = 1; ; attempt++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        await this.#lists.open();
        break;
      } catch (error) {
        const thrown = toCoaxError(error);
        if (this.#end.signal.aborted || attempt >= mostAttempts || !isHiccup(thrown)) throw thrown;
        // oxlint-disable-next-line no-await-in-loop
        await delay(listRetryMs, this.#end.signal);
      }
    }
    if (this.#lists.roles.join() !== before)
      throw new CoaxError('UPSTREAM_ENDED', 'The provider sends the stream in another form');
  }

  /** Ends what has been silent for too long; while it is not, tells so. */
  #look(): void {
    const silentMs = performance.now() - this.#heardMs;
    const targetMs = Math.max(0, ...this.#lists.roles.map((role) => this.#lists.follower(role)?.targetMs ?? 0));
    if (this.#isResting || silentMs < 1.5 * targetMs + this.#options.stallMs) this.#outbox.alive();
    else
      this.#lose(
        this.#failure ??
          new CoaxError('UPSTREAM_STALLED', `The provider has listed no new segment for ${Math.round(silentMs)} ms`),
      );
  }
}
