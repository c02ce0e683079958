import { expect } from 'chai';
import { type Engine, type EngineOptions, startEngine } from './engine.ts';
import type { ProviderState } from './fake-provider/provider.ts';
import { RawClient, type RawOptions } from './raw-client.ts';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from './start-fake-provider.ts';
import { waitUntil } from './wait-until.ts';

export interface RigOptions {
  readonly provider?: FakeProviderOptions;
  readonly engine?: EngineOptions;
  /** More fields of the source. */
  readonly source?: Readonly<Record<string, unknown>>;
}

interface Account {
  readonly id: string;
  readonly limit: number | null;
  readonly leases: readonly { readonly state: string; readonly viewer: string }[];
  readonly waiters: number;
  readonly external: number;
}

interface Sync {
  readonly leases: number;
  readonly sockets: number;
  readonly relays: number;
  readonly vodSessions: number;
  readonly consumers: number;
  readonly mismatches: readonly string[];
}

/** Waits that are short, so that tests are: what is a minute for people is a second or two here. */
export const quickSettings = {
  live: { lingerMs: 600, stallMs: 1500, writeProgressMs: 2000, connectMs: 5000, startMs: 8000 },
  vod: { pauseMs: 1500, sessionIdleMs: 2000, stallMs: 1500 },
  accounts: { waitMs: 6000 },
} as const;

/** The engine with one Xtream source at a fake provider, imported and ready to play. */
export class Rig implements AsyncDisposable {
  readonly engine: Engine;
  readonly provider: FakeProvider;
  readonly sourceId: string;

  constructor(engine: Engine, provider: FakeProvider, sourceId: string) {
    this.engine = engine;
    this.provider = provider;
    this.sourceId = sourceId;
  }

  /** Opens channel `number` as `viewer`. */
  async watch(number: number, viewer = 'viewer-a', options: RawOptions = {}): Promise<RawClient> {
    const url = await this.engine.liveUrl(`Channel ${number}`);
    return RawClient.send(url, { ...options, headers: { 'user-agent': viewer, ...options.headers } });
  }

  /** Opens movie 1 as `viewer`; `range` is the header's value. */
  async movie(range?: string, viewer = 'viewer-a', options: RawOptions = {}): Promise<RawClient> {
    const url = await this.engine.movieUrl(0);
    const headers = { 'user-agent': viewer, ...(range === undefined ? {} : { range }), ...options.headers };
    return RawClient.send(url, { ...options, headers });
  }

  async accounts(): Promise<readonly Account[]> {
    return (await this.engine.api<readonly Account[]>('GET', '/accounts')).body;
  }

  async sync(): Promise<Sync> {
    return (await this.engine.api<Sync>('GET', '/debug/sync')).body;
  }

  /** Waits until nothing plays: no lease, no session in the engine, no connection counted by the provider. */
  async quiet(timeoutMs = 12_000): Promise<ProviderState> {
    await waitUntil(
      'engine and provider are quiet',
      async () => {
        const { leases, relays, vodSessions, sockets } = await this.sync();
        return leases + relays + vodSessions + sockets === 0 && (await this.provider.state(true)).counted === 0;
      },
      timeoutMs,
      40,
    );
    return this.provider.state();
  }

  /** Ends what a test left, and puts the provider back to its manners. */
  async clean(): Promise<void> {
    await this.provider.set({
      faults: [],
      behaviour: {},
      refusal: '403',
      releaseDelayMs: 0,
      redirects: 0,
      edgeDead: false,
      frozen: false,
      enforce: true,
    });
    const { body } = await this.engine.api<readonly { id: string }[]>('GET', '/streams');
    for (const { id } of body) await this.engine.api('DELETE', `/streams/${id}`);
    await this.quiet(20_000);
    await this.provider.reset();
  }

  /** The promise of every row: the provider never saw more than the limit, refused nothing, and counts nothing in the end. */
  async expectHeld(limit = 1): Promise<ProviderState> {
    const state = await this.quiet();
    expect(state.refused, 'refused by the provider').to.equal(0);
    expect(state.peak, 'connections at once').to.be.at.most(limit);
    expect((await this.sync()).mismatches).to.deep.equal([]);
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await this.provider[Symbol.asyncDispose]();
  }
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const provider = await startFakeProvider(options.provider);
  let engine: Engine | undefined;
  try {
    engine = await startEngine({ demo: false, settings: quickSettings, ...options.engine });
    const [login, ...more] = options.provider?.logins ?? [provider.login];
    const sourceId = await engine.addSource({
      kind: 'xtream',
      name: 'Provider',
      url: provider.url,
      username: login?.username,
      password: login?.password,
      ...(more.length > 0 ? { accounts: more.map(({ username, password }) => ({ username, password })) } : {}),
      ...options.source,
    });
    return new Rig(engine, provider, sourceId);
  } catch (error) {
    await engine?.[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
    throw error;
  }
}
