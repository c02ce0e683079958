import { expect } from 'chai';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Session {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly title: string;
  readonly since: number;
  readonly accountId: string;
  readonly consumers: readonly { readonly viewer: { readonly label: string } }[];
}

describe('a source whose players are sent to the provider', function () {
  this.timeout(60_000);
  let rig: Rig;
  const open: RawClient[] = [];

  const sessions = async () => (await rig.engine.api<readonly Session[]>('GET', '/streams')).body;
  const ask = async (number: number, viewer: string, init: RequestInit = {}): Promise<Response> =>
    fetch(await rig.engine.liveUrl(`Channel ${number}`), {
      redirect: 'manual',
      headers: { 'user-agent': viewer },
      ...init,
    });
  /** As a player does: follows the redirect and reads. */
  const watch = async (number: number, viewer: string): Promise<RawClient> => {
    const location = (await ask(number, viewer)).headers.get('location') ?? '';
    const client = await RawClient.send(location, { headers: { 'user-agent': viewer } });
    open.push(client);
    expect((await client.read(5_000))[0]).to.equal(0x47);
    return client;
  };
  /** The provider is asked what it counts, as an admin can at any time. */
  const askedAnew = () => rig.engine.api('POST', `/sources/${rig.sourceId}/test`);
  const gone = () =>
    waitUntil(
      'no session is left',
      async () => {
        await askedAnew();
        return (await sessions()).length === 0;
      },
      15_000,
      300,
    );

  before(async () => {
    const login = { username: 'red.user', password: 'red-secret', maxConnections: 1 };
    rig = await startRig({
      provider: { logins: [login], catalog: { channels: 4, movies: 2 } },
      engine: { settings: { ...quickSettings, accounts: { waitMs: 500 } } },
      source: { delivery: 'redirect' },
    });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const client of open.splice(0)) client[Symbol.dispose]();
    for (const { id } of await sessions()) await rig.engine.api('DELETE', `/streams/${id}`);
    await rig.clean();
  });

  it('answers 302 to the provider’s own address, which nothing on the way may keep', async () => {
    const answer = await ask(1, 'player-a');
    expect(answer.status).to.equal(302);
    expect(answer.headers.get('location')).to.equal(rig.provider.liveUrl(1));
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    expect(await answer.text()).to.equal('');
  });

  it('answers HEAD itself and opens nothing', async () => {
    const answer = await ask(1, 'player-a', { method: 'HEAD' });
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('location')).to.equal(null);
    expect(await sessions()).to.have.length(0);
  });

  it('lists who was sent away until the provider does not count them any more', async () => {
    const client = await watch(1, 'player-a');
    const [session] = await sessions();
    expect(session).to.include({ kind: 'live', state: 'redirected', title: 'Channel 1' });
    expect(session?.since).to.be.closeTo(Date.now(), 60_000);
    expect(session?.consumers[0]?.viewer.label).to.contain('player-a');
    await waitUntil('the provider was asked by itself', async () =>
      (await rig.provider.state()).requests.some((request) => JSON.stringify(request).includes('player_api')),
    );
    for (let time = 0; time < 4; time++) await askedAnew();
    expect(await sessions()).to.have.length(1);
    client[Symbol.dispose]();
    await gone();
    expect((await rig.accounts())[0]?.leases).to.have.length(0);
  });

  it('keeps the limit: nobody is sent where no connection is free', async () => {
    await watch(1, 'player-a');
    const answer = await ask(2, 'player-b');
    expect(answer.status).to.equal(503);
    expect(((await answer.json()) as { code: string }).code).to.equal('NO_CAPACITY');
    const state = await rig.provider.state();
    expect(state.peak).to.equal(1);
    expect(state.refused).to.equal(0);
    expect((await rig.sync()).mismatches).to.deep.equal([]);
  });

  it('lets the same viewer change channels on one connection', async () => {
    const client = await watch(1, 'player-a');
    client[Symbol.dispose]();
    await watch(2, 'player-a');
    expect((await sessions()).map(({ title }) => title)).to.deep.equal(['Channel 2']);
  });

  it('sends films away too, and counts all their ranges as one', async () => {
    const url = await rig.engine.movieUrl(0);
    for (const range of ['bytes=0-99', 'bytes=1000-1099']) {
      const answer = await fetch(url, { redirect: 'manual', headers: { 'user-agent': 'player-a', range } });
      expect(answer.status).to.equal(302);
      expect(answer.headers.get('location')).to.contain(`${rig.provider.url}/movie/`);
    }
    expect((await sessions()).map(({ kind, state }) => `${kind} ${state}`)).to.deep.equal(['vod redirected']);
  });

  it('sends players of the archive away too', async () => {
    const channel = (await rig.engine.channels()).find(({ name }) => name === 'Channel 1');
    const { token } = await rig.engine.output();
    const start = Math.floor(Date.now() / 1000) - 7_200;
    const url = `${rig.engine.url}/o/${token}/catchup/${channel?.id}.ts?start=${start}&end=${start + 1_800}`;
    const answer = await fetch(url, { redirect: 'manual', headers: { 'user-agent': 'player-a' } });
    expect(answer.status, await answer.text()).to.equal(302);
    expect(answer.headers.get('location')).to.match(/timeshift/);
    expect((await sessions()).map(({ kind, state }) => `${kind} ${state}`)).to.deep.equal(['catchup redirected']);
  });

  it('relays for recordings, and where a proxy, cookies or headers are needed', async () => {
    const played = async (query = ''): Promise<number> => {
      const url = new URL(await rig.engine.liveUrl('Channel 1'));
      url.search = query;
      const client = await RawClient.send(url.href, { headers: { 'user-agent': 'player-a' } });
      try {
        return (await client.head()).status;
      } finally {
        client[Symbol.dispose]();
        for (const { id } of await sessions()) await rig.engine.api('DELETE', `/streams/${id}`);
        await rig.quiet();
      }
    };
    expect(await played()).to.equal(302);
    expect(await played('?purpose=recording')).to.equal(200);
    for (const [wish, back] of [
      [{ cookies: 'a=b' }, { cookies: '' }],
      [{ headers: { 'X-Key': 'v' } }, { headers: {} }],
      [{ userAgent: 'Only/1' }, { userAgent: '' }],
    ]) {
      await rig.engine.api('PATCH', `/sources/${rig.sourceId}`, wish);
      expect(await played(), JSON.stringify(wish)).to.equal(200);
      await rig.engine.api('PATCH', `/sources/${rig.sourceId}`, back);
    }
  });

  it('relays for media servers', async () => {
    const channel = (await rig.engine.channels()).find(({ name }) => name === 'Channel 1');
    const opened = await rig.engine.host<{ path: string }>('POST', '/streams', { channelId: channel?.id });
    expect(opened.text).not.to.contain('red-secret');
    const client = await RawClient.send(rig.engine.url + opened.body.path);
    open.push(client);
    expect((await client.head()).status).to.equal(200);
    expect((await sessions()).map(({ state }) => state)).not.to.include('redirected');
  });
});
