import { Readable } from 'node:stream';
import type { Lease } from '../accounts/lease.ts';
import { delay } from '../delay.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { ArchiveWindow } from '../model/archive.ts';
import type { AccountId } from '../model/ids.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import { NotHere, type OpenOptions, ProviderRefusal, type RangeAnswer } from '../vod/upstream-range.ts';
import { type ArchiveOrder, type ArchivePlan, type KnownArchive, type KnownArchives, planOf } from './archive.ts';
import { ArchiveBody, type ByteSource } from './archive-body.ts';
import { bodySource, type PushedStream, pushedSource } from './byte-source.ts';
import { Joint } from './joint.ts';
import type { KnownWays } from './known-ways.ts';
import { type OpenedWay, openWays } from './open-ways.ts';
import type { Piece } from './time-line.ts';

/** Opens what is read segment by segment. */
export type OpenList = (
  request: UpstreamRequest,
  options: { readonly lease: Lease; readonly signal: AbortSignal; readonly connectMs: number },
) => Promise<PushedStream>;

export interface PlaybackDeps {
  readonly archives: KnownArchives;
  readonly ways: KnownWays;
  readonly openList: OpenList;
  readonly health?: BaseUrlHealth;
  /** The first wait for an archive to grow, in milliseconds; 10 s when absent. */
  readonly edgeWaitMs?: number;
}

type Line = Extract<ArchivePlan, { kind: 'line' }>;

const mostJoints = 4;
/** A connection that takes a line up begins so far before its end: what is found there again shows where to go on. */
const overlapSec = 4;
/** Providers write their archive 0.5 to 2 minutes behind what is on; nearer than this to now, what is not there may still come. */
const edgeSec = 180;
const firstLagSec = 45;
const lagStepSec = 15;
const usualEdgeWaitMs = 10_000;
const edgeTries = 12;
/** More than the end is asked for, so that the last picture is whole. */
const beyondSec = 5;
/** The end of an archive is cut at segments: so much may be missing at once, and so much after asking again. */
const missingSec = 3;
const missingForGoodSec = 120;
/** A time that no archive reaches back to. */
const longAgoSec = 400 * 86_400;

/** One viewer's playback of an archive: makes answers for byte ranges of what a provider gives by time. */
export class ArchivePlayback {
  readonly #order: ArchiveOrder;
  readonly #deps: PlaybackDeps;
  readonly #known: KnownArchive;
  #joints: Joint[] = [];
  #lagSec = firstLagSec;

  constructor(order: ArchiveOrder, deps: PlaybackDeps) {
    this.#order = order;
    this.#deps = deps;
    this.#known = deps.archives.of(order);
  }

  /** Answers one range; a `FileOpener`. */
  readonly open = async (account: AccountId, options: OpenOptions): Promise<RangeAnswer> => {
    const { lease } = options;
    if (lease === null) throw new CoaxError('INTERNAL', 'A connection to a provider needs a lease');
    let first: OpenedWay | null = null;
    if (this.#known.plan === null) {
      first = await this.#openPatiently(account, lease, options, this.#window(0), 'bytes=0-');
      if (first.opened.status === 416) return answerOf(first);
      const isOver = this.#order.endUnix * 1000 <= Date.now();
      const known = this.#deps.archives.rateOf(this.#order);
      this.#known.plan ??= await planOf(this.#order, first, { isOver, known, signal: options.signal });
    }
    const { plan } = this.#known;
    if (plan.kind === 'line') return this.#openLine(plan, first, account, lease, options);
    if (first !== null && options.range === 'bytes=0-') return answerOf(first);
    if (first !== null) await closed(first, lease);
    return answerOf(await this.#openWays(account, lease, options, this.#window(0), options.range));
  };

  #window(fromSec: number, beyondSec = 0): ArchiveWindow {
    const { startUnix, catchupId } = this.#order;
    const endUnix = this.#order.endUnix + beyondSec;
    const from = Math.max(startUnix, Math.floor(startUnix + fromSec));
    const nowUnix = Math.floor(Date.now() / 1000);
    return {
      startUnix: Math.min(from, endUnix - 1),
      endUnix,
      nowUnix,
      ...(catchupId === undefined ? {} : { catchupId }),
    };
  }

  async #openWays(
    account: AccountId,
    lease: Lease,
    options: OpenOptions,
    window: ArchiveWindow,
    range?: string,
  ): Promise<OpenedWay> {
    const { ways, health } = this.#deps;
    const { signal, connectTimeoutMs, firstByteTimeoutMs, ifRange } = options;
    const long = { ...window, startUnix: window.startUnix - longAgoSec, endUnix: window.endUnix - longAgoSec };
    return openWays(this.#order.ways(account, window), {
      account,
      lease,
      signal,
      connectTimeoutMs,
      firstByteTimeoutMs,
      known: ways,
      decoys: () => this.#order.ways(account, long),
      ...(range === undefined ? {} : { range }),
      ...(ifRange === undefined || this.#known.plan?.kind === 'line' ? {} : { ifRange }),
      ...(health === undefined ? {} : { health }),
    });
  }

  /** Waits for an archive that does not reach so far yet. */
  async #openPatiently(
    account: AccountId,
    lease: Lease,
    options: OpenOptions,
    window: ArchiveWindow,
    range?: string,
  ): Promise<OpenedWay> {
    const { signal } = options;
    for (let tries = 1; ; tries++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return await this.#openWays(account, lease, options, window, range);
      } catch (error) {
        const known = toCoaxError(error);
        const isEdge = window.startUnix > Date.now() / 1000 - edgeSec;
        const mayCome = known instanceof NotHere && isEdge && tries < edgeTries;
        if (signal.aborted || !mayCome) throw known;
        // oxlint-disable-next-line no-await-in-loop
        await delay(this.#deps.edgeWaitMs ?? usualEdgeWaitMs, signal);
      }
    }
  }

  async #openLine(
    plan: Line,
    first: OpenedWay | null,
    account: AccountId,
    lease: Lease,
    options: OpenOptions,
  ): Promise<RangeAnswer> {
    const { size } = plan;
    const from = options.from ?? Math.max(0, (size ?? 0) - suffixOf(options.range));
    if (size !== null && from >= size) {
      if (first !== null) await closed(first, lease);
      const seen = { size, etag: null, lastModified: null, contentType: 'video/mp2t', ranges: true, volatile: true };
      return {
        status: 416,
        headers: {},
        body: Readable.from([]),
        facts: { seen, start: 0, end: 0, unsatisfiable: true },
      };
    }
    const joint = this.#jointAt(from, plan);
    joint.usedAt = performance.now();
    const wantSec = joint.line.mediaSec >= 0 ? joint.line.mediaSec : this.#secAt(from, plan);
    let source: ByteSource | null = null;
    if (!joint.line.done) {
      const isFirst = first !== null && wantSec === 0;
      if (first !== null && !isFirst) await closed(first, lease);
      const fromSec = joint.line.mediaSec >= 0 ? wantSec - overlapSec : wantSec;
      const way = isFirst ? first : await this.#openAt(fromSec, account, lease, options);
      const piece: Piece = {
        askedSec: way.way.startUnix - this.#order.startUnix,
        wantSec,
        start: from === 0 ? 'key-frame' : 'anywhere',
      };
      joint.line.begin(piece);
      joint.goesBeyond = !isFirst;
      source = await this.#sourceOf(way, lease, options);
    } else if (first !== null) await closed(first, lease);
    const body = new ArchiveBody({
      source,
      line: joint.line,
      replay: joint.since(from),
      grown: (bytes) => joint.note(bytes),
      ended: () => this.#ended(joint),
      done: () => this.#learn(joint),
    });
    const seen = {
      size,
      etag: null,
      lastModified: null,
      contentType: 'video/mp2t',
      ranges: size !== null,
      volatile: true,
    };
    return { status: 206, headers: {}, body, facts: { seen, start: from, end: size, unsatisfiable: false } };
  }

  /** Opens the archive some seconds into the programme, once it should have got there. */
  async #openAt(fromSec: number, account: AccountId, lease: Lease, options: OpenOptions): Promise<OpenedWay> {
    const window = this.#window(fromSec);
    const aheadSec = window.startUnix + overlapSec + this.#lagSec - Date.now() / 1000;
    if (aheadSec > 0 && this.#deps.edgeWaitMs !== 0) await delay(aheadSec * 1000, options.signal);
    try {
      return await this.#openPatiently(account, lease, options, this.#window(fromSec, beyondSec));
    } catch (error) {
      const known = toCoaxError(error);
      // The playback has begun: it stays with what it began with, and may be asked again.
      if (known instanceof ProviderRefusal || options.signal.aborted) throw known;
      throw new CoaxError('UPSTREAM_ENDED', known.message, { cause: known });
    }
  }

  async #sourceOf(found: OpenedWay, lease: Lease, options: OpenOptions): Promise<ByteSource> {
    if (found.container !== 'hls') return bodySource(found.opened.body);
    await lease.closeSocket(false);
    const { signal, connectTimeoutMs: connectMs } = options;
    return pushedSource(await this.#deps.openList(found.way.request, { lease, signal, connectMs }));
  }

  #secAt(from: number, plan: Line): number {
    const lengthSec = this.#order.endUnix - this.#order.startUnix;
    return from === 0 || plan.rate === 0 ? 0 : Math.min(lengthSec - 0.5, from / plan.rate);
  }

  #jointAt(from: number, plan: Line): Joint {
    // Two may have come by here; who asks again means the one that was read last.
    const [known] = this.#joints.filter((joint) => joint.reaches(from)).sort((a, b) => b.usedAt - a.usedAt);
    if (known !== undefined) return known;
    const joint = new Joint({
      clock: this.#known.clock,
      endSec: this.#order.endUnix - this.#order.startUnix,
      rate: plan.rate,
      position: from,
      size: plan.size,
    });
    for (const other of this.#joints) other.rest();
    this.#joints = [joint, ...this.#joints.sort((a, b) => b.usedAt - a.usedAt).slice(0, mostJoints - 1)];
    return joint;
  }

  /** What was played tells the rate of the next; an archive that was promised too short is promised anew. */
  #learn({ line }: Joint): void {
    const { archives } = this.#deps;
    if (line.mediaRate !== undefined) archives.learnRate(this.#order, line.mediaRate);
    const lengthSec = this.#order.endUnix - this.#order.startUnix;
    if (line.mediaSec >= 0 && line.mediaSec < lengthSec - missingForGoodSec) archives.forget(this.#order);
  }

  /** The connection is over. True when that is the end of the programme. */
  #ended(joint: Joint): boolean {
    const { line } = joint;
    const isOver = this.#order.endUnix * 1000 <= Date.now();
    const leftUnix = this.#order.startUnix + line.mediaSec;
    const isEdge = leftUnix > Date.now() / 1000 - edgeSec;
    joint.fruitless += 1;
    if (isEdge && joint.fruitless > 1) this.#lagSec = Math.min(edgeSec, this.#lagSec + lagStepSec);
    // What was asked for ends within a picture: a little more completes it.
    if (!joint.goesBeyond) return false;
    if (!isOver) return line.end(missingSec);
    return line.end(!isEdge && joint.fruitless > 2 ? missingForGoodSec : missingSec);
  }
}

/** The length of a range that is the end of a file; 0 for another. */
function suffixOf(range: string): number {
  return Number(/^bytes=-(\d+)$/.exec(range)?.[1] ?? 0);
}

function answerOf({ opened: { status, headers, body } }: OpenedWay): RangeAnswer {
  return { status, headers, body };
}

async function closed({ opened }: OpenedWay, lease: Lease): Promise<void> {
  opened.body.destroy();
  await lease.closeSocket();
}
