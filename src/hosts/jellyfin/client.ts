import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Jellyfin } from '@jellyfin/sdk/lib/jellyfin.js';
import { getLibraryApi } from '@jellyfin/sdk/lib/utils/api/library-api.js';
import { getLiveTvApi } from '@jellyfin/sdk/lib/utils/api/live-tv-api.js';
import { getScheduledTaskApi } from '@jellyfin/sdk/lib/utils/api/scheduled-task-api.js';
import { getSessionApi } from '@jellyfin/sdk/lib/utils/api/session-api.js';
import { getSystemApi } from '@jellyfin/sdk/lib/utils/api/system-api.js';
import axios from 'axios';
import { CoaxError } from '../../errors.ts';
import { version } from '../../version.ts';
import type { HostClient, HostFacts, OutputAddresses, Registration, Watching } from '../contract.ts';
import { isSupported, readId, readLiveTv, readPublicInfo, readTask, readWatching } from './answers.ts';
import { hostFailure } from './failure.ts';

const timeoutMs = 10_000;
/** A tuner is saved only after the host has read the whole playlist. */
const registerTimeoutMs = 60_000;
const mostBytes = 32 * 1024 * 1024;
const recentSec = 960;
const guideTask = 'RefreshGuide';

const keepAlive = { keepAlive: true, keepAliveMsecs: 5_000, maxSockets: 4 };
const httpAgent = new HttpAgent(keepAlive);
const httpsAgent = new HttpsAgent(keepAlive);

interface Call {
  readonly signal: AbortSignal;
  readonly timeout?: number;
}

/**
 * Jellyfin 10.10 and later over REST. The paths and bodies used are the same in 10.11 and 12; the key travels in the one header that both
 * take (`Authorization: MediaBrowser Token=...`), never in an address.
 */
export class JellyfinClient implements HostClient {
  readonly #api: ReturnType<Jellyfin['createApi']>;
  readonly #host: string;

  /** `deviceId` tells this Coax apart in the host's list of devices. */
  constructor(url: string, apiKey: string, deviceId: string) {
    this.#host = URL.canParse(url) ? new URL(url).host : 'The media server';
    const instance = axios.create({
      httpAgent,
      httpsAgent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: mostBytes,
    });
    this.#api = new Jellyfin({
      clientInfo: { name: 'Coax', version },
      deviceInfo: { name: 'Coax', id: deviceId },
    }).createApi(url, apiKey, instance);
  }

  async facts(signal: AbortSignal): Promise<HostFacts> {
    const answer = await this.#call({ signal }, (options) => getSystemApi(this.#api).getPublicSystemInfo(options));
    const facts = readPublicInfo(answer);
    if (facts === null) throw new CoaxError('HOST_ERROR', `${this.#host} does not answer like a Jellyfin server`);
    if (!isSupported(facts.version))
      throw new CoaxError('HOST_UNSUPPORTED', `${this.#host} is Jellyfin ${facts.version}; Coax needs 10.10 or later`);
    return facts;
  }

  async verify(signal: AbortSignal): Promise<void> {
    await this.#liveTv(signal);
  }

  async register(addresses: OutputAddresses, known: Registration | null, signal: AbortSignal): Promise<Registration> {
    const there = await this.#liveTv(signal);
    const call = { signal, timeout: registerTimeoutMs };
    const tuner = there.tuners.find(
      ({ Id, Type, Url }) => Id && (Id === known?.tunerId || (Type === 'm3u' && Url === addresses.playlist)),
    );
    const tunerId = readId(
      await this.#call(call, (options) =>
        getLiveTvApi(this.#api).addTunerHost({ tunerHostInfo: tunerOf(addresses, tuner?.Id ?? null) }, options),
      ),
    );
    if (tunerId === null) throw new CoaxError('HOST_ERROR', `${this.#host} did not say which tuner it made`);
    const guide = there.guides.find(
      ({ Id, Type, Path }) => Id && (Id === known?.guideId || (Type === 'xmltv' && Path === addresses.guide)),
    );
    const defaults = await this.#call({ signal }, (options) =>
      getLiveTvApi(this.#api).getDefaultListingProvider(options),
    );
    const guideId = readId(
      await this.#call(call, (options) =>
        getLiveTvApi(this.#api).addListingProvider(
          {
            validateListings: false,
            validateLogin: false,
            listingsProviderInfo: {
              ...defaults,
              ...(guide?.Id ? { Id: guide.Id } : {}),
              Type: 'xmltv',
              Path: addresses.guide,
              // Only for our channels: others' numbers and names would match by chance.
              EnableAllTuners: false,
              EnabledTuners: [tunerId],
            },
          },
          options,
        ),
      ),
    );
    if (guideId === null) throw new CoaxError('HOST_ERROR', `${this.#host} did not say which guide it made`);
    return { tunerId, guideId };
  }

  async unregister({ tunerId, guideId }: Registration, signal: AbortSignal): Promise<void> {
    const there = await this.#liveTv(signal);
    if (there.guides.some(({ Id }) => Id === guideId))
      await this.#call({ signal }, (options) =>
        getLiveTvApi(this.#api).deleteListingProvider({ id: guideId }, options),
      );
    if (there.tuners.some(({ Id }) => Id === tunerId))
      await this.#call({ signal }, (options) => getLiveTvApi(this.#api).deleteTunerHost({ id: tunerId }, options));
  }

  async watching(signal: AbortSignal): Promise<readonly Watching[]> {
    return readWatching(
      await this.#call({ signal }, (options) =>
        getSessionApi(this.#api).getSessions({ activeWithinSeconds: recentSec }, options),
      ),
    );
  }

  async refreshGuide(signal: AbortSignal): Promise<void> {
    const tasks = getScheduledTaskApi(this.#api);
    const task = readTask(await this.#call({ signal }, (options) => tasks.getTasks({}, options)), guideTask);
    if (task === null) throw new CoaxError('HOST_ERROR', `${this.#host} has no task that refreshes the guide`);
    if (!task.running) await this.#call({ signal }, (options) => tasks.startTask({ taskId: task.id }, options));
  }

  async scanLibraries(folders: readonly string[], signal: AbortSignal): Promise<void> {
    const library = getLibraryApi(this.#api);
    if (folders.length === 0) {
      // Answers when the scan is done, which may take hours: whoever asks does not wait for it.
      const tasks = getScheduledTaskApi(this.#api);
      const task = readTask(await this.#call({ signal }, (options) => tasks.getTasks({}, options)), 'RefreshLibrary');
      if (task === null) throw new CoaxError('HOST_ERROR', `${this.#host} has no task that scans its libraries`);
      if (!task.running) await this.#call({ signal }, (options) => tasks.startTask({ taskId: task.id }, options));
      return;
    }
    const Updates = folders.map((Path) => ({ Path, UpdateType: 'Modified' }));
    await this.#call({ signal }, (options) => library.postUpdatedMedia({ mediaUpdateInfoDto: { Updates } }, options));
  }

  async #liveTv(signal: AbortSignal) {
    const answer = await this.#call({ signal }, (options) =>
      getSystemApi(this.#api).getNamedConfiguration({ key: 'livetv' }, options),
    );
    const read = readLiveTv(answer);
    if (read === null) throw new CoaxError('HOST_ERROR', `${this.#host} answered without its live TV settings`);
    return read;
  }

  async #call<Data>(
    { signal, timeout = timeoutMs }: Call,
    ask: (options: { signal: AbortSignal; timeout: number }) => Promise<{ readonly data: Data }>,
  ): Promise<Data> {
    try {
      return (await ask({ signal, timeout })).data;
    } catch (error) {
      throw hostFailure(this.#host, error, signal.aborted);
    }
  }
}

function tunerOf({ playlist, name }: OutputAddresses, id: string | null) {
  return {
    ...(id === null ? {} : { Id: id }),
    Type: 'm3u',
    Url: playlist,
    FriendlyName: name,
    // Limits are the lease pool's; the host would only count what it leaks.
    TunerCount: 0,
    AllowStreamSharing: true,
    AllowFmp4TranscodingContainer: false,
    IgnoreDts: true,
    FallbackMaxStreamingBitrate: 30_000_000,
  };
}
