import { CoaxError } from '../errors.ts';
import type { UdpUpstreamRequest } from '../model/upstream-request.ts';
import { Datagrams, type DatagramCounts } from '../mpegts/datagrams.ts';
import { TsSync } from '../mpegts/sync.ts';
import { noteInput } from './open-inputs.ts';
import { UdpSocket } from './udp-socket.ts';
import type { Upstream, UpstreamOptions, UpstreamSink } from './upstream.ts';

/** Datagrams are small: those of this time go on together. */
const gatherMs = 20;
const gatherBytes = 65_536;
/** So many bytes without one packet are no transport stream. */
const judgeBytes = 262_144;

const countMs = 1_000;

/** Told what went wrong since it was told last, where something did. */
export type DatagramWatch = (counts: DatagramCounts) => void;

/** Opens a transport stream that comes in datagrams, bare or in RTP: a group that is joined, or a port of this machine. */
export async function openUdpUpstream(
  request: UdpUpstreamRequest,
  options: UpstreamOptions,
  watch?: DatagramWatch,
): Promise<UdpUpstream> {
  const { lease, signal, connectMs } = options;
  lease.connecting();
  const upstream = new UdpUpstream(request, watch);
  lease.attach(upstream.socket);
  noteInput(upstream.socket);
  const abort = (): void => upstream.giveUp(new CoaxError('CANCELLED'));
  const timer = setTimeout(() => upstream.giveUp(upstream.lateness(connectMs)), connectMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) throw new CoaxError('CANCELLED');
    upstream.socket.open();
    await upstream.begun;
    return upstream;
  } catch (error) {
    upstream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** See `openUdpUpstream`. It has no `hold`: nobody can make a sender of datagrams wait. */
export class UdpUpstream implements Upstream {
  readonly socket: UdpSocket;
  readonly closed: Promise<void>;
  /** Resolves at the first packet; rejects when there will be none. */
  readonly begun: Promise<void>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #datagrams = new Datagrams();
  /** Until the first packet is found. */
  #judge: TsSync | null = new TsSync();
  #judged = 0;
  readonly #watch: DatagramWatch | undefined;
  #told: DatagramCounts = this.#datagrams.counts;
  #countTimer: NodeJS.Timeout | undefined;
  #sink: UpstreamSink | null = null;
  #failure: CoaxError | null = null;
  #gathered: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #destroyed = false;

  constructor(request: UdpUpstreamRequest, watch?: DatagramWatch) {
    this.#watch = watch;
    this.begun = this.#begun.promise;
    this.begun.catch(() => {});
    this.socket = new UdpSocket(request, {
      datagram: (bytes) => this.#take(bytes),
      failed: (error) => this.giveUp(error),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.socket.once('close', resolve);
  }

  get counts(): DatagramCounts {
    return this.#datagrams.counts;
  }

  start(sink: UpstreamSink): void {
    this.#sink = sink;
    if (this.#watch !== undefined) this.#countTimer = setInterval(this.#count, countMs);
    this.#flush();
    if (this.#failure !== null) this.giveUp(this.#failure);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#sink = null;
    this.#gathered = [];
    clearInterval(this.#countTimer);
    this.#count();
    clearTimeout(this.#timer);
    this.socket.destroy();
    this.#begun.reject(new CoaxError('CANCELLED'));
  }

  /** It is over, for this reason; or there never was a stream. */
  giveUp(error: CoaxError): void {
    this.#failure ??= error;
    this.#begun.reject(error);
    const sink = this.#sink;
    this.#flush();
    this.#sink = null;
    sink?.lost(error);
  }

  /** What to say when there is no stream after `ms`. */
  lateness(ms: number): CoaxError {
    return this.#judged === 0
      ? new CoaxError('UPSTREAM_STALLED', `No datagram came within ${Math.round(ms)} ms`)
      : noStream(this.#judged);
  }

  #take(datagram: Buffer): void {
    if (this.#destroyed || this.#failure !== null) return;
    for (const bytes of this.#datagrams.push(datagram, performance.now())) {
      this.#gathered.push(bytes);
      this.#bytes += bytes.length;
      if (this.#judge !== null && this.#judge.push(bytes).length > 0) this.#found();
    }
    if (this.#judge !== null) {
      this.#judged += datagram.length;
      if (this.#judged >= judgeBytes) this.giveUp(noStream(this.#judged));
    } else if (this.#bytes >= gatherBytes) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, gatherMs);
  }

  #found(): void {
    this.#judge = null;
    this.#begun.resolve();
  }

  readonly #count = (): void => {
    const { lost, dropped, reordered, ignored } = this.counts;
    const told = this.#told;
    const news = {
      lost: lost - told.lost,
      dropped: dropped - told.dropped,
      reordered: reordered - told.reordered,
      ignored: ignored - told.ignored,
    };
    this.#told = this.counts;
    if (Object.values(news).some((count) => count > 0)) this.#watch?.(news);
  };

  readonly #flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sink === null || this.#bytes === 0) return;
    const gathered = Buffer.concat(this.#gathered, this.#bytes);
    this.#gathered = [];
    this.#bytes = 0;
    this.#sink.data(gathered);
  };
}

function noStream(bytes: number): CoaxError {
  return new CoaxError('UPSTREAM_BAD_CONTENT', `${bytes} bytes came in datagrams, and no transport stream in them`);
}
