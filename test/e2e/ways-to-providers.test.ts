import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings } from '../support/rig.ts';
import { leaksIn } from '../support/secret-forms.ts';
import { type FakeProvider, startFakeProvider } from '../support/start-fake-provider.ts';
import { StrictProvider } from '../support/strict-provider.ts';
import { waitUntil } from '../support/wait-until.ts';

const entryProxy = { username: 'entry-proxy-user', password: 'entry-proxy-pass-77' };
const sourceProxy = { username: 'source-proxy-user', password: 'source:proxy/pass-88' };
const channelProxy = { username: 'channel-proxy-user', password: 'channel-proxy-pass-99' };
const cookie = 'list-cookie-secret-1234';
const entryCookie = 'entry-cookie-secret-5678';
const key = 'channel-key-secret-4321';
const secrets = [entryProxy, sourceProxy, channelProxy]
  .flatMap(({ username, password }) => [username, password])
  .concat(cookie, entryCookie, key);

interface Breaker {
  readonly id: string;
  readonly profile: string;
  readonly host: string;
  readonly state: string;
  readonly forced: string | null;
}

describe('the way to a provider', function () {
  this.timeout(60_000);
  let media: FakeProvider;
  let strict: StrictProvider;
  let engine: Engine;
  let forSource: FakeProxy;
  let forEntry: FakeProxy;
  let forChannel: FakeProxy;
  let forNobody: FakeProxy;
  let sourceId = '';
  const seen: string[] = [];

  const api = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await engine.api<Body>(method, path, body);
    seen.push(answer.text);
    return answer.body;
  };
  const channelOf = async (name: string) => {
    const found = (await engine.channels()).find((channel) => channel.name === name);
    if (found === undefined) throw new Error(`no channel ${name}`);
    return found;
  };
  /** The status, and whether a transport stream came. */
  const play = async (name: string): Promise<number> => {
    const { token } = await engine.output();
    using client = await RawClient.send(`${engine.url}/o/${token}/live/${(await channelOf(name)).id}.ts`);
    const { status } = await client.head();
    const bytes = await client.read(status === 200 ? 20_000 : 300);
    seen.push(bytes.toString('latin1'));
    if (status === 200) expect(bytes[0]).to.equal(0x47);
    return status;
  };
  const quiet = () =>
    waitUntil('nothing plays', async () => (await engine.api<readonly unknown[]>('GET', '/streams')).body.length === 0);

  before(async () => {
    media = await startFakeProvider({ catalog: { channels: 3 }, hls: { form: 'ts' } });
    strict = await StrictProvider.start(media.liveUrl(1, media.login));
    forSource = await FakeProxy.start('http', sourceProxy);
    forEntry = await FakeProxy.start('socks', entryProxy);
    forNobody = await FakeProxy.start('http');
    forChannel = await FakeProxy.start('socks', channelProxy);
    const breakers = { live: { failures: 2, openMs: 60_000 } };
    // The environment's proxies are for others.
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    const env = {
      ...Object.fromEntries(names.map((name) => [name, forNobody.url()])),
      NODE_USE_ENV_PROXY: '1',
      no_proxy: '',
      NO_PROXY: '',
    };
    const live = { ...quickSettings.live, startMs: 2500, lingerMs: 0 };
    engine = await startEngine({ demo: false, settings: { ...quickSettings, live, logLevel: 'debug', breakers }, env });
    const has = (name: string, part: string) => (headers: Readonly<Record<string, unknown>>) =>
      JSON.stringify(headers[name] ?? '').includes(part);
    strict.wantsForPlaylist = has('cookie', cookie);
    strict.paths.set('/agent', has('user-agent', 'SetTopBox/7'));
    strict.paths.set(
      '/kodi',
      (headers) => has('cookie', entryCookie)(headers) && has('referer', 'http://portal.test/')(headers),
    );
    strict.paths.set('/json', has('cookie', entryCookie));
    strict.paths.set('/property', has('x-forwarded-for', '10.9.8.7'));
    strict.paths.set('/plain', has('x-key', key));
    strict.paths.set('/start', () => true);
    strict.paths.set('/hop', has('cookie', 'hop=1'));
    strict.paths.set('/open', () => true);
    strict.paths.set('/live/', (headers) => has('cookie', entryCookie)(headers) && has('user-agent', 'Hls/3')(headers));
    // Names below .test are known to the proxies of these tests alone.
    const entry = (name: string, address: string, ...options: string[]) =>
      ['#EXTINF:-1,' + name, ...options, address].join('\n');
    strict.playlist = [
      '#EXTM3U',
      entry('Agent', strict.url('/agent', 'tv.test'), '#EXTVLCOPT:http-user-agent=SetTopBox/7 (x)'),
      entry(
        'Kodi',
        `${strict.url('/kodi', 'tv.test')}|Cookie=sid%3D${entryCookie}&Referer=http%3A%2F%2Fportal.test%2F`,
      ),
      entry('Json', strict.url('/json', 'tv.test'), `#EXTHTTP:{"cookie":"sid=${entryCookie}"}`),
      entry(
        'Property',
        strict.url('/property', 'tv.test'),
        '#KODIPROP:inputstream.adaptive.stream_headers=X-Forwarded-For=10.9.8.7',
      ),
      entry('Entry proxy', strict.url('/open', 'other.test'), `#EXTVLCOPT:http-proxy=${forEntry.url('socks5h')}`),
      entry('Channel', strict.url('/plain', 'third.test')),
      entry('Hop', strict.url('/start', 'tv.test')),
      entry(
        'Playlist',
        `${strict.url(new URL(media.liveUrl(2)).pathname.replace(/ts$/, 'm3u8'), 'hls.test')}|Cookie=sid%3D${entryCookie}&User-Agent=Hls%2F3`,
        `#EXTVLCOPT:http-proxy=${forEntry.url('socks5h')}`,
      ),
      entry('Dead', 'http://127.0.0.1:9/dead'),
      entry('Alive', strict.url('/open', 'tv.test')),
    ].join('\n');
    sourceId = await engine.addSource({
      kind: 'm3u',
      name: 'Strict',
      url: strict.url('/list.m3u', 'lists.test'),
      cookies: `login=${cookie}`,
      proxy: forSource.url('http'),
    });
  });
  after(async () => {
    for (const one of [engine, strict, forSource, forEntry, forChannel, forNobody, media])
      await one?.[Symbol.asyncDispose]();
  });
  afterEach(quiet);

  it('lists are asked for through the proxy of the source, with its cookies', () => {
    expect(forSource.targets).to.include(`lists.test:${strict.port}`);
    expect(strict.requests[0]?.headers).not.to.have.property('proxy-authorization');
  });

  for (const name of ['Agent', 'Kodi', 'Json', 'Property', 'Hop']) {
    it(`a channel plays with what its entry says: ${name}`, async () => {
      const before = forSource.targets.length;
      expect(await play(name)).to.equal(200);
      expect(forSource.targets.slice(before)).to.include(`tv.test:${strict.port}`);
    });
  }

  it('an entry with a proxy of its own goes through that one', async () => {
    const before = forSource.targets.length;
    expect(await play('Entry proxy')).to.equal(200);
    expect(forEntry.targets).to.include(`other.test:${strict.port}`);
    expect(forSource.targets).to.have.length(before);
  });

  it('playlists and segments are asked for alike: cookies, user agent and proxy, on one connection', async () => {
    const before = forSource.targets.length;
    const tunnels = forEntry.targets.length;
    expect(await play('Playlist')).to.equal(200);
    await quiet();
    const asked = strict.requests.filter(({ path }) => /^\/(?:live|hls)\//.test(path));
    expect(asked.length).to.be.at.least(2);
    expect(asked.some(({ path }) => path.includes('.ts'))).to.equal(true);
    for (const { headers } of asked)
      expect(headers).to.deep.include({ cookie: `sid=${entryCookie}`, 'user-agent': 'Hls/3' });
    expect(forSource.targets).to.have.length(before);
    expect(forEntry.targets.length - tunnels).to.be.lessThan(asked.length);
  });

  it('an admin gives a channel headers and a proxy; it plays with them only, they outlive a refresh, and are never shown', async () => {
    const { id } = await channelOf('Channel');
    expect(await play('Channel')).to.be.within(500, 504);
    const request = { headers: { 'X-Key': key }, userAgent: 'Mine/1', proxy: forChannel.url('socks5h') };
    const changed = await api<{ request: unknown }>('PATCH', `/channels/${id}`, { request });
    expect(changed.request).to.deep.equal({ headerNames: ['X-Key'], hasUserAgent: true, hasProxy: true });
    expect(await play('Channel')).to.equal(200);
    expect(forChannel.targets).to.include(`third.test:${strict.port}`);
    expect(strict.requests.at(-1)?.headers['user-agent']).to.equal('Mine/1');
    expect((await engine.refresh(sourceId)).state).to.equal('succeeded');
    await quiet();
    expect(await play('Channel')).to.equal(200);
    await api('PATCH', `/channels/${id}`, { request: null });
    await quiet();
    expect(await play('Channel')).to.be.within(500, 504);
    const wrong = await engine.api('PATCH', `/channels/${id}`, { request: { proxy: 'ftp://x:1' } });
    expect(wrong.status).to.equal(400);
  });

  it('a proxy that refuses the login is told apart from the provider, for lists and channels', async () => {
    const right = forSource.url('http');
    await api('PATCH', `/sources/${sourceId}`, {
      proxy: forSource.url('http', { username: 'nobody', password: 'wrong-proxy-pass' }),
    });
    const { token } = await engine.output();
    const answer = await fetch(`${engine.url}/o/${token}/live/${(await channelOf('Agent')).id}.ts`);
    const problem = (await answer.json()) as { code: string; detail: string };
    seen.push(JSON.stringify(problem));
    expect(problem.code).to.equal('UPSTREAM_PROXY');
    expect(JSON.stringify(problem)).to.contain('The proxy refuses the login');
    const test = await api<{ ok: boolean; code: string }>('POST', `/sources/${sourceId}/test`);
    expect(test).to.include({ ok: false, code: 'SOURCE_PROXY' });
    const shown = await api<{ proxy: string }>('GET', `/sources/${sourceId}`);
    expect(shown.proxy).to.equal(`http://***@127.0.0.1:${forSource.port}`);
    await api('PATCH', `/sources/${sourceId}`, { proxy: right });
    // Sent back as it was shown, it stays what it is.
    await api('PATCH', `/sources/${sourceId}`, { proxy: shown.proxy, name: 'Strict' });
    expect(await play('Agent')).to.equal(200);
  });

  it('a host that is down opens its own circuit breaker and no other', async () => {
    await api('PATCH', `/sources/${sourceId}`, { proxy: '' });
    for (let time = 0; time < 3; time++) expect(await play('Dead')).to.be.within(502, 504);
    const breakers = await api<readonly Breaker[]>('GET', '/breakers');
    const dead = breakers.find(({ id }) => id === 'live:127.0.0.1:9');
    expect(dead).to.include({ profile: 'live', host: '127.0.0.1:9', state: 'open', forced: null });
    expect(breakers.filter(({ state }) => state === 'open')).to.have.length(1);
    await api('PATCH', `/sources/${sourceId}`, { proxy: forSource.url('http') });
    expect(await play('Alive')).to.equal(200);
  });

  it('an admin holds a circuit breaker open and closed, and lets it go', async () => {
    const { id } = (await api<readonly Breaker[]>('GET', '/breakers')).find(
      ({ host }) => host === `tv.test:${strict.port}`,
    ) ?? { id: '' };
    const at = `/breakers/${encodeURIComponent(id)}`;
    expect(await api('POST', at, { state: 'open' })).to.include({ state: 'open', forced: 'open' });
    const { token } = await engine.output();
    const answer = await fetch(`${engine.url}/o/${token}/live/${(await channelOf('Alive')).id}.ts`);
    expect(answer.status).to.equal(503);
    expect(((await answer.json()) as { code: string }).code).to.equal('UPSTREAM_BREAKER_OPEN');
    expect(await api('POST', at, { state: 'auto' })).to.include({ state: 'closed', forced: null });
    expect(await play('Alive')).to.equal(200);
    expect((await engine.api('POST', '/breakers/live%3Anobody%3A80', { state: 'open' })).status).to.equal(404);
    expect((await engine.api('POST', at, { state: 'half' })).status).to.equal(400);
    const metrics = await (
      await fetch(`${engine.url}/metrics`, { headers: { authorization: `Bearer ${engine.token}` } })
    ).text();
    expect(metrics).to.match(/coax_breaker_refusals_total\{profile="live"\} [1-9]/);
    expect(metrics).not.to.contain('tv.test');
  });

  it('proxies of the environment are never used', () => {
    expect(strict.requests.length).to.be.greaterThan(10);
    expect(forNobody.ways).to.deep.equal([]);
  });

  it('no login of a proxy and no cookie is in an answer or a log', async () => {
    for (const path of [
      '/channels?limit=1000',
      '/sources',
      '/jobs',
      '/breakers',
      '/streams',
      '/accounts',
      '/debug/sync',
    ])
      await api('GET', path);
    expect(seen.length).to.be.greaterThan(20);
    const all = [...secrets, 'wrong-proxy-pass'];
    expect(leaksIn(seen.join('\n'), all)).to.deep.equal([]);
    expect(engine.complained).to.contain('circuit breaker changed');
    expect(leaksIn(engine.complained + engine.logs(), all)).to.deep.equal([]);
  });
});
