import { expect } from 'chai';
import type sinon from 'sinon';
import { toCoaxError } from '../../../src/errors.ts';
import type { ChannelId, OutputId } from '../../../src/model/ids.ts';
import type { HostStream } from '../../../src/relay/host/host-stream.ts';
import { HostStreams } from '../../../src/relay/host/host-streams.ts';
import { fakeTime } from '../../support/fake-time.ts';
import { FakeSocket, World, type WorldOptions } from '../world.ts';

export const holdMs = 15_000;

/** A host's ffmpeg: it reads until it is closed. */
export class Reader {
  readonly socket = new FakeSocket();
  readonly gone = new AbortController();
  code: string | null = null;
  piped = false;

  constructor(stream: HostStream) {
    stream.read(this.gone.signal).then(
      (consumer) => {
        this.piped = true;
        consumer.pipe(this.socket.asSocket());
        this.socket.once('close', () => this.gone.abort());
      },
      (error: unknown) => {
        this.code = toCoaxError(error).code;
      },
    );
  }

  /** What the HTTP layer does in the tick in which the connection breaks. */
  close(): void {
    this.socket.reset();
    this.gone.abort();
  }

  get isServed(): boolean {
    return this.piped && !this.socket.destroyed && !this.socket.writableEnded;
  }
}

/** A world with host streams on a fake clock, made anew for each test of the suite that calls this. Nothing may be left after it. */
export function stageHost() {
  let readers: Reader[] = [];
  const stage = {
    clock: undefined as unknown as sinon.SinonFakeTimers,
    world: undefined as unknown as World,
    streams: undefined as unknown as HostStreams,

    begin(options: WorldOptions = {}): void {
      stage.world = new World({ settings: { stallMs: 60_000 }, ...options });
      stage.streams = new HostStreams({ relays: stage.world.relays, holdMs: () => holdMs });
    },

    open: (name: string, device?: string, replaces: readonly HostStream[] = []): HostStream =>
      stage.streams.open({
        channelId: name as ChannelId,
        channel: () => stage.world.channel(name),
        knownFacts: () => null,
        outputId: 'default' as OutputId,
        purpose: 'live',
        ...(device === undefined ? {} : { viewer: { key: device, label: device } }),
        replaces: replaces.map(({ id }) => id),
      }),

    read: (stream: HostStream): Reader => {
      const reader = new Reader(stream);
      readers.push(reader);
      return reader;
    },

    /** Time passes, and the provider sends. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 500) {
        await stage.clock.tickAsync(Math.min(left, 500));
        stage.world.live?.send(5);
      }
      await stage.clock.tickAsync(0);
    },

    /** The channels that are open at the provider. */
    paths: () => stage.world.openUpstreams.map(({ path }) => path),
  };
  beforeEach(() => {
    stage.clock = fakeTime();
    readers = [];
    stage.begin();
  });
  afterEach(async () => {
    stage.streams.stop();
    for (const reader of readers) reader.close();
    for (const player of stage.world.players) player.reset();
    await stage.clock.tickAsync(20_000);
    stage.clock.restore();
    expect(stage.world.openUpstreams, 'upstreams left').to.deep.equal([]);
    expect(stage.world.pool.leases(), 'leases left').to.deep.equal([]);
  });
  return stage;
}
