import { type CoaxError, toCoaxError } from '../errors.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import { Generation } from './generation.ts';
import type { Outlet } from './outlet.ts';
import type { RelayState } from './relay-state.ts';
import type { EntryPoint } from './ring.ts';
import { firstLayout, layoutOf, type SlateLayout } from './slate-layout.ts';
import { slateFor, type SlateReason } from './slate-reason.ts';
import { mayLeadIn } from './source-pace.ts';
import { slateFrameMs, SlateStream } from './slate-stream.ts';

const tickMs = 100;
/** So much comes at once, so that players begin. */
const burstFrames = 75;
/** Nobody gives up a slot: what is free again within this time, as after a change of channels, needs no slate. */
const inUseAfterMs = 200;
/** The provider may refuse for this long because it still counts what was closed. */
const fullAfterMs = 2_000;
const startingAfterMs = 4_000;
/** The source has its first picture, which is complete within this time. */
const makeWayMs = 1_000;
/** About what a player has in its buffer. */
const reconnectingAfterMs = 6_000;
/** A channel that ran this long begins a new time of slates. */
const healthyMs = 30_000;

/** Who may be shown a slate. */
export interface SlateViewer {
  readonly wantsSlates: boolean;
  /** By the monotonic clock. */
  readonly openedMs: number;
}

/** What a slate needs of its relay. Called synchronously. */
export interface SlateHome<Viewer extends SlateViewer> {
  /** How long one viewer sees slates. */
  readonly slateMs: number;
  readonly viewers: ReadonlySet<Viewer>;
  /** Those who have got no byte yet. */
  readonly waiting: ReadonlySet<Viewer>;
  /** Where its packets go. */
  readonly outlet: Outlet;
  /** A viewer who wants slates is on the way. */
  isAwaited(): boolean;
  state(): RelayState;
  /** The relay waits for a connection, and none is on its way. */
  isHopeless(): boolean;
  /** What is known of the channel. */
  facts(): CodecFacts | null;
  /** Its provider sends no backlog: who waits is better off with a picture at once. */
  isSlow(): boolean;
  shown(reason: SlateReason): void;
  /** The viewer's time is over, or the channel came in a form that nobody could go on with: its stream ends. */
  end(viewer: Viewer): void;
  /** It can not be made. */
  broken(error: CoaxError): void;
}

/**
 * The picture that tells viewers why there is no channel: begins when there is a reason, goes out at the pace of a channel into the same
 * ring, and makes way for the source. It holds no lease. Viewers who did not ask for slates never get one.
 */
export class Slate<Viewer extends SlateViewer> {
  readonly #home: SlateHome<Viewer>;
  #timer: NodeJS.Timeout | undefined;
  #show: { readonly stream: SlateStream; readonly generation: Generation; readonly sinceMs: number } | null = null;
  #layout: SlateLayout | null = null;
  #reason: SlateReason | null = null;
  #sent = 0;
  #failure: CoaxError | null = null;
  #isFull = false;
  /** When a slate made way for a source that has not begun yet. */
  #madeWayMs: number | null = null;
  #lostMs: number | null = null;
  /** When the first slate of this time of slates began, and when the channel ran last. */
  #beganMs: number | null = null;
  #liveMs = Number.POSITIVE_INFINITY;

  constructor(home: SlateHome<Viewer>) {
    this.#home = home;
  }

  /** Why a slate is shown now; null while none is. */
  get reason(): SlateReason | null {
    return this.#show === null ? null : this.#reason;
  }

  /** Why nothing could be opened last. */
  get failure(): CoaxError | null {
    return this.#failure;
  }

  /** When a viewer's time is over, by the monotonic clock. */
  untilMs({ openedMs }: SlateViewer): number {
    return Math.max(this.#beganMs ?? openedMs, openedMs) + this.#home.slateMs;
  }

  /** Somebody who wants slates waits now. */
  watch(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(this.#tick, tickMs);
    // A source may be quick with its first picture, and send nothing ahead all the same.
    if (this.#leadsIn()) this.#tick();
  }

  /**
   * Somebody who wants slates is on the way: what leads a source in has to be there before its first picture, which may be faster than a
   * media server's reader.
   */
  expect(): void {
    if (this.#leadsIn()) this.watch();
  }

  /** The upstream was lost and is opened anew. */
  lost(): void {
    this.#lostMs = performance.now();
    if (this.#watchers().length > 0) this.watch();
  }

  /** The provider says that it is full, and is asked again in a moment. */
  full(): void {
    this.#isFull = true;
  }

  /** True when a slate can be shown for this error, and to somebody. */
  fits(error: CoaxError): boolean {
    if (slateFor(error) === null) return false;
    const nowMs = performance.now();
    const patient = this.#watchers().some((viewer) => this.untilMs(viewer) > nowMs);
    return patient && (this.#show !== null || this.#fitting() !== null);
  }

  /** Nothing can be done for now: shows why, at once. See `fits`. */
  fail(error: CoaxError): void {
    this.#failure = error;
    const reason = slateFor(error);
    if (reason !== null) this.#begin(reason, performance.now());
    this.watch();
  }

  /** The source is about to go on from what was sent: nothing more may come before it. */
  makeWay(): void {
    if (this.#show === null) return;
    this.#show = null;
    this.#madeWayMs = performance.now();
  }

  /** The source is there: call it before its first packets go out. */
  started(entry: EntryPoint): void {
    if (this.#lostMs !== null || this.#failure !== null || this.#timer !== undefined) this.#liveMs = performance.now();
    const layout = this.#layout;
    const shown = this.#show !== null || this.#madeWayMs !== null;
    this.stop();
    this.#failure = null;
    this.#isFull = false;
    this.#lostMs = null;
    if (!shown || layout === null || isSameKind(layout, entry)) return;
    for (const viewer of this.#watchers()) if (!this.#home.waiting.has(viewer)) this.#home.end(viewer);
  }

  /** Shows nothing any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#show = null;
    this.#madeWayMs = null;
    this.#reason = null;
  }

  #watchers(): Viewer[] {
    return [...this.#home.viewers].filter(({ wantsSlates }) => wantsSlates);
  }

  /** A timer's callback: nothing may be thrown. */
  readonly #tick = (): void => {
    try {
      this.#goOn(performance.now());
    } catch (error) {
      this.stop();
      this.#home.broken(toCoaxError(error));
    }
  };

  #goOn(nowMs: number): void {
    const watchers = this.#watchers();
    if (watchers.length === 0 && !this.#home.isAwaited()) {
      this.stop();
      return;
    }
    if (this.#madeWayMs !== null && nowMs - this.#madeWayMs < makeWayMs) return;
    // It did not come after all.
    if (this.#madeWayMs !== null) this.#lostMs = Number.NEGATIVE_INFINITY;
    this.#madeWayMs = null;
    const reason = this.#wanted(watchers, nowMs);
    if (reason !== null) this.#begin(reason, nowMs);
    if (this.#show === null) return;
    this.#pump(nowMs);
    for (const viewer of watchers) if (this.untilMs(viewer) <= nowMs) this.#home.end(viewer);
  }

  /** Why there is nothing to see; null while that may still pass, or as long as it stays what it was. */
  #wanted(watchers: readonly Viewer[], nowMs: number): SlateReason | null {
    const { waiting, viewers } = this.#home;
    // Those who did not ask for slates read the same ring, and wait until it is decided whether the channel comes back.
    if ([...viewers].some((viewer) => !viewer.wantsSlates && !waiting.has(viewer))) return null;
    const state = this.#home.state();
    const sinceMs = this.#lostMs ?? Math.min(...watchers.filter((one) => waiting.has(one)).map((one) => one.openedMs));
    const waitedMs = this.#show === null ? nowMs - sinceMs : Number.POSITIVE_INFINITY;
    if (state === 'reserving' && waitedMs >= inUseAfterMs && this.#home.isHopeless()) return 'in-use';
    if (this.#failure !== null) return slateFor(this.#failure);
    if (this.#isFull && waitedMs >= fullAfterMs) return 'in-use';
    if (state !== 'reconnecting') return waitedMs >= startingAfterMs || this.#leadsIn() ? 'starting' : null;
    return waitedMs >= reconnectingAfterMs ? 'reconnecting' : null;
  }

  /** The burst of a slate is what a media server makes its first segment of, while the source is opened. */
  #leadsIn(): boolean {
    const home = this.#home;
    return this.#show === null && home.outlet.position() === 0 && home.isSlow() && mayLeadIn(home.facts());
  }

  #begin(why: SlateReason, nowMs: number): void {
    // Who lost a connection goes on to see what it was lost to, as long as none is free.
    const reason = why === 'in-use' && this.reason === 'taken' ? 'taken' : why;
    if (this.#show !== null) {
      this.#show.stream.show(reason);
      this.#reason = reason;
      return;
    }
    const layout = this.#fitting();
    if (layout === null) return;
    if (nowMs - this.#liveMs >= healthyMs) this.#beganMs = null;
    this.#liveMs = Number.POSITIVE_INFINITY;
    this.#beganMs ??= nowMs;
    const { outlet } = this.#home;
    const generation = new Generation(
      {
        position: () => outlet.position(),
        packets: (packets) => outlet.packets(packets),
        entry: (entry) => outlet.entry({ ...entry, slate: true }),
      },
      outlet.seam,
    );
    this.#show = { stream: new SlateStream(layout, reason), generation, sinceMs: nowMs };
    this.#layout = layout;
    this.#reason = reason;
    this.#sent = 0;
    this.#home.shown(reason);
    this.#pump(nowMs);
  }

  /** How it has to look now; null when none would fit. */
  #fitting(): SlateLayout | null {
    const { outlet } = this.#home;
    const sent = outlet.ring.entries.at(-1);
    if (sent !== undefined) return layoutOf(sent.tables, this.#home.facts());
    return outlet.position() === 0 ? firstLayout(this.#home.facts()) : null;
  }

  #pump(nowMs: number): void {
    const show = this.#show;
    if (show === null) return;
    const due = burstFrames + Math.floor((nowMs - show.sinceMs) / slateFrameMs) - this.#sent;
    if (due <= 0) return;
    this.#sent += due;
    show.generation.push(show.stream.frames(due), nowMs);
    this.#home.outlet.settle();
  }
}

/** Whether a decoder of the slate can go on with what is entered here. */
function isSameKind({ video }: SlateLayout, { tables }: EntryPoint): boolean {
  return tables.length > 0 && layoutOf(tables)?.video?.codec === video?.codec;
}
