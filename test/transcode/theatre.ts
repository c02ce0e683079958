import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { transcodeSettings, type TranscodeSettings } from '../../src/config/transcode-settings.ts';
import { CoaxError, toCoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { OutputId } from '../../src/model/ids.ts';
import type { PlayableChannel } from '../../src/model/playable.ts';
import { loadClip } from '../../src/sources/demo/clips.ts';
import { demoLive } from '../../src/sources/demo/live.ts';
import { Transcodes } from '../../src/transcode/transcodes.ts';
import { TranscodeSlots } from '../../src/transcode/transcode-slots.ts';
import { type Answer, liveSettings, Stage, type StageOptions, viewer } from '../relay/stage.ts';
import { RawClient } from '../support/raw-client.ts';

export interface TheatreOptions extends StageOptions {
  readonly transcode?: Partial<TranscodeSettings>;
  /** The program that is run in place of ffmpeg; null for a machine without one. */
  readonly program?: string | null;
}

/** Plays a clip of the demo in real time, some of it at once; after `forMs` it ends. */
export function clip(forMs?: number, name = 'pattern'): Answer {
  return (response) => {
    const gone = new AbortController();
    response.writeHead(200, { 'content-type': 'video/mp2t', connection: 'close' });
    const live = demoLive(loadClip(name), { signal: gone.signal, burstMs: 4_000 });
    live.pipe(response);
    const timer = forMs === undefined ? undefined : setTimeout(() => response.end(), forMs);
    response.on('close', () => {
      clearTimeout(timer);
      gone.abort();
    });
  };
}

/** Relays of a provider as in `Stage`, with transcodes before them: the output of a request is its profile. */
export class Theatre implements AsyncDisposable {
  readonly stage: Stage;
  readonly transcodes: Transcodes;
  readonly slots: TranscodeSlots;
  readonly #front: Server;
  readonly #channels = new Map<string, PlayableChannel>();
  readonly #clients: RawClient[] = [];

  private constructor(stage: Stage, { transcode = {}, program = 'ffmpeg', settings = {} }: TheatreOptions) {
    this.stage = stage;
    const wanted = { ...transcodeSettings.parse({}), ...transcode };
    const live = liveSettings(settings);
    this.slots = new TranscodeSlots(() => wanted.maxRunning);
    this.transcodes = new Transcodes({
      relays: stage.relays,
      profileOf: (output) => output,
      settings: () => live,
      transcode: () => wanted,
      ffmpeg: {
        path: async () => {
          if (program === null) throw new CoaxError('UPSTREAM_NO_FFMPEG');
          return program;
        },
      },
      slots: this.slots,
      log: silentLog,
    });
    this.#front = createServer((request, response) => {
      const [, name = '', profile = ''] = (request.url ?? '').split('/');
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const channel = this.#channels.get(name) ?? stage.channel(name);
      this.#channels.set(name, channel);
      const who = viewer(String(request.headers['x-viewer']));
      const slates = request.headers['x-slates'] === 'yes';
      const outputId = profile as OutputId;
      this.transcodes.open({ channel, viewer: who, outputId, signal: gone.signal, slates }).then(
        (consumer) => {
          response.useChunkedEncodingByDefault = false;
          response.writeHead(200, { 'content-type': 'video/mp2t', connection: 'close' });
          response.flushHeaders();
          if (response.socket === null) consumer.leave();
          else consumer.pipe(response.socket);
        },
        (error: unknown) => {
          const { status, code, message } = toCoaxError(error);
          if (!response.destroyed) response.writeHead(status, { connection: 'close', 'x-code': code }).end(message);
        },
      );
    });
  }

  static async start(options: TheatreOptions = {}): Promise<Theatre> {
    const theatre = new Theatre(await Stage.start(options), options);
    theatre.#front.listen(0, '127.0.0.1');
    await once(theatre.#front, 'listening');
    return theatre;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
  }

  /** Watches a channel with a profile. */
  async tune(name: string, profile: string, who = 'viewer', slates = false): Promise<RawClient> {
    const headers = { 'x-viewer': who, 'x-slates': slates ? 'yes' : 'no' };
    const client = await RawClient.send(`${this.url}/${name}/${profile}`, { headers });
    this.#clients.push(client);
    return client;
  }

  /** Makes a channel of streams at these paths of the provider. */
  channel(name: string, ...paths: string[]): void {
    this.#channels.set(name, this.stage.channel(name, ...paths));
  }

  /** The relays behind ffmpeg. */
  get views() {
    return this.transcodes.snapshot().filter(({ transcode }) => transcode !== undefined);
  }

  get pid(): number | undefined {
    return this.views[0]?.transcode?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.transcodes[Symbol.asyncDispose]();
    this.#front.closeAllConnections();
    await new Promise((resolve) => this.#front.close(resolve));
    await this.stage[Symbol.asyncDispose]();
  }
}
