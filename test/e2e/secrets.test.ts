import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { type Fault, hardLogin } from '../support/fake-provider/settings.ts';
import { commandLines } from '../support/process-tree.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings } from '../support/rig.ts';
import { formsOf, leaksIn } from '../support/secret-forms.ts';
import { type FakeProvider, startFakeProvider } from '../support/start-fake-provider.ts';
import { waitUntil } from '../support/wait-until.ts';

const listLogin = { username: 'alice-of-the-list', password: 'plain-secret-0815' } as const;
const wrongPassword = 'wrong-secret-4242';
const tokens = {
  query: 'query-token-7d1f93ab',
  path: 'path-token-5511aaff',
  userinfo: 'guide-userinfo-pass',
  header: 'header-secret-90817263',
  cookie: 'cookie-secret-31415926',
  listCookie: 'list-cookie-27182818',
  channelHeader: 'channel-header-16180339',
  channelCookie: 'channel-cookie-14142135',
};
const listProxy = { username: 'proxy-user-of-the-list', password: 'proxy:pass/5772' } as const;
const channelProxy = { username: 'proxy-user-of-a-channel', password: 'proxy pass 6931' } as const;
const pair = ({ username, password }: { username: string; password: string }) => `${username}:${password}`;
const secrets = [
  ...[hardLogin, listLogin, listProxy, channelProxy].flatMap((login) => [login.username, login.password, pair(login)]),
  wrongPassword,
  ...Object.values(tokens),
];
const withoutModes = Object.fromEntries(
  ['get', 'xmltv', 'get_live_streams', 'get_vod_streams', 'get_series'].map((action) => [action, 'normal' as const]),
);
/** Where secrets have to be kept, and nowhere else. */
const keepers = /^(config\.json|admin-token|catalog\.db(-wal|-shm)?)$/;

describe('secrets in a run with everything that can go wrong', function () {
  this.timeout(60_000);
  let engine: Engine;
  let dataDir = '';
  let panel: FakeProvider;
  let list: FakeProvider;
  let proxy: FakeProxy;
  let panelId = '';
  let listId = '';
  const seen = new Map<string, string>();
  const commands = new Set<string>();
  let sampler: NodeJS.Timeout;

  const keep = (where: string, text: string) => seen.set(`${seen.size}: ${where}`, text);
  const request = async (where: string, url: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(20_000), ...init });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString() : bytes.toString('latin1');
    keep(where, `${answer.status} ${JSON.stringify([...answer.headers])}\n${text}`);
    return text;
  };
  const api = (method: string, path: string, body?: unknown) =>
    request(`${method} ${path}`, `${engine.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const refresh = async (id: string) => {
    await api('POST', `/sources/${id}/refresh`);
    await engine.settled(30_000).catch((error: unknown) => keep('failed refresh', String(error)));
    await api('GET', '/jobs');
    await api('GET', '/sources');
  };
  /** Asks for a stream and keeps its head, and its body when that is a problem document. */
  const play = async (where: string, url: string, headers: Record<string, string> = {}) => {
    using client = await RawClient.send(url, { headers: { 'user-agent': 'viewer', ...headers } });
    const head = await client.head(20_000);
    keep(`${where}: head`, JSON.stringify(head));
    const bytes = await client.read(40_000, 20_000);
    keep(`${where}: body`, bytes.toString('latin1'));
    await api('GET', '/streams');
    await api('GET', '/accounts');
    return head.status;
  };
  const leaks = (wanted: readonly string[]) =>
    [...seen].flatMap(([where, text]) => leaksIn(text, wanted).map((leak) => `${where}: ${leak}`)).slice(0, 20);
  const quiet = () =>
    waitUntil('nothing plays', async () => {
      const accounts = (await engine.api<readonly { leases: readonly unknown[] }[]>('GET', '/accounts')).body;
      return accounts.every(({ leases }) => leases.length === 0);
    });
  /** The live address of the first channel of a source. */
  const liveOf = async (sourceId: string): Promise<string> => {
    const channel = (await engine.channels()).find((one) => one['sourceId'] === sourceId);
    return `${engine.url}/o/${(await engine.output()).token}/live/${channel?.id}.ts`;
  };

  async function readEverything(when: string): Promise<void> {
    const description = JSON.parse(await api('GET', '/openapi.json')) as { paths: Record<string, { get?: unknown }> };
    const plain = Object.keys(description.paths).filter(
      (path) => description.paths[path]?.get !== undefined && !path.includes('{') && !path.endsWith('/events'),
    );
    for (const path of plain)
      await request(`${when} ${path}`, `${engine.url}${path.startsWith('/api/v1') ? path : `/api/v1${path}`}`, {
        headers: { authorization: `Bearer ${engine.token}` },
      });
    const channels = JSON.parse(await api('GET', '/channels?limit=1000')) as { items: { id: string; logo: string }[] };
    const titles = JSON.parse(await api('GET', '/movies')) as { items: { id: string }[] };
    const series = JSON.parse(await api('GET', '/series')) as { items: { id: string }[] };
    for (const { id } of channels.items.slice(0, 3)) await api('GET', `/channels/${id}`);
    for (const { id } of series.items) await api('GET', `/series/${id}/episodes`);
    await api('GET', `/guide?channel=${channels.items[0]?.id ?? ''}`);
    for (const id of [panelId, listId]) await api('GET', `/sources/${id}`);
    for (const path of ['/metrics', '/health/ready', '/health/live', '/']) await request(path, `${engine.url}${path}`);
    const { token } = await engine.output();
    const files = 'playlist.m3u movies.m3u guide.xml guide.xml.gz hdhr/discover.json hdhr/lineup.json hdhr/device.xml';
    for (const file of files.split(' ')) await request(`${when} ${file}`, `${engine.url}/o/${token}/${file}`);
    for (const { id } of [...channels.items.slice(0, 2), ...channels.items.slice(-2), ...titles.items.slice(0, 1)])
      await request(`${when} logo`, `${engine.url}/o/${token}/logo/${id}`);
  }

  before(async () => {
    const logoQuery = (login: { username: string; password: string }) =>
      `?${new URLSearchParams({ username: login.username, password: login.password }).toString()}`;
    panel = await startFakeProvider({
      logins: [{ ...hardLogin, maxConnections: 1 }],
      catalog: { logoQuery: logoQuery(hardLogin), quirks: true, channels: 20 },
    });
    list = await startFakeProvider({
      logins: [{ ...listLogin, maxConnections: 1 }],
      catalog: { logoQuery: logoQuery(listLogin), quirks: true, groups: 5 },
    });
    const live = { ...quickSettings.live, startMs: 2500, lingerMs: 0 };
    const settings = { ...quickSettings, logLevel: 'debug', live, accounts: { waitMs: 2500 } };
    engine = await startEngine({ demo: false, settings });
    dataDir = engine.dataDir;
    sampler = setInterval(() => {
      for (const line of commandLines(engine.pid)) commands.add(line);
    }, 20);
    const events = await fetch(`${engine.url}/api/v1/events`, { headers: { authorization: `Bearer ${engine.token}` } });
    void (async () => {
      for await (const chunk of events.body ?? []) keep('events', Buffer.from(chunk).toString());
    })().catch(() => undefined);

    proxy = await FakeProxy.start('http', listProxy);
    const form = new URLSearchParams({ ...listLogin, type: 'm3u_plus', token: tokens.query }).toString();
    const guide = new URLSearchParams({ ...listLogin }).toString();
    const made = await api('POST', '/sources', { kind: 'xtream', name: 'Panel', url: panel.url, ...hardLogin });
    panelId = (JSON.parse(made) as { id: string }).id;
    const madeList = await api('POST', '/sources', {
      kind: 'm3u',
      name: 'List',
      url: `${list.url}/${tokens.path}/get.php?${form}`,
      epgUrl: `http://guide-user:${tokens.userinfo}@${list.url.slice(7)}/xmltv.php?${guide}`,
      headers: { 'X-Api-Key': tokens.header, Cookie: `sid=${tokens.cookie}` },
      cookies: `sid=${tokens.cookie}; list=${tokens.listCookie}`,
      proxy: proxy.url('http'),
    });
    listId = (JSON.parse(madeList) as { id: string }).id;
    await engine.settled();
  });
  after(async () => {
    clearInterval(sampler);
    for (const one of [engine, panel, list, proxy]) await one?.[Symbol.asyncDispose]();
  });

  it('both sources are imported, and their streams play', async () => {
    for (const id of [panelId, listId]) expect(await play(`live of ${id}`, await liveOf(id))).to.equal(200);
    await quiet();
    expect(await play('movie', await engine.movieUrl(), { range: 'bytes=0-39999' })).to.equal(206);
    await readEverything('after import');
    expect((await list.state()).requests.some(({ headers }) => headers['x-api-key'] === tokens.header)).to.equal(true);
  });

  it('proxies and channels with headers of their own work, and fail, without a word of their logins', async () => {
    const channel = (await engine.channels()).find((one) => one['sourceId'] === listId);
    const url = await liveOf(listId);
    const headers = { 'X-Key': tokens.channelHeader, Cookie: `own=${tokens.channelCookie}` };
    await api('PATCH', `/channels/${channel?.id}`, { request: { headers, userAgent: 'Own/1' } });
    expect(await play('a channel with headers', url)).to.equal(200);
    await quiet();
    const seenHeaders = (await list.state()).requests.map((one) => JSON.stringify(one.headers)).join('\n');
    for (const text of [tokens.listCookie, tokens.channelHeader, tokens.channelCookie])
      expect(seenHeaders).to.contain(text);
    expect(seenHeaders).not.to.contain('proxy-authorization');
    for (const scheme of ['http', 'socks5', 'socks4a'])
      for (const target of [
        proxy.url(scheme, channelProxy),
        `${scheme}://${pair(channelProxy).replaceAll(' ', '%20')}@127.0.0.1:1`,
      ]) {
        await api('PATCH', `/channels/${channel?.id}`, { request: { proxy: target } });
        expect(await play(`a channel through ${scheme}`, url)).to.be.within(500, 504);
        await quiet();
      }
    await api('PATCH', `/channels/${channel?.id}`, { request: { proxy: `http://${pair(channelProxy)} nonsense` } });
    await api('PATCH', `/channels/${channel?.id}`, { request: null });
    await api('PATCH', `/sources/${listId}`, { proxy: proxy.url('http', channelProxy) });
    await api('POST', `/sources/${listId}/test`);
    await refresh(listId);
    expect(await play('a proxy that refuses', url)).to.be.within(500, 504);
    await api('PATCH', `/sources/${listId}`, { proxy: proxy.url('http') });
    await api('GET', '/breakers');
    expect([...seen.values()].join(''))
      .to.contain('UPSTREAM_PROXY')
      .and.to.contain('SOURCE_PROXY');
  });

  it('what fails at the provider is told, also when its pages quote the login', async () => {
    const url = await liveOf(panelId);
    const movie = await engine.movieUrl(1);
    const page = `<html>No access: ${panel.liveUrl(1, { ...hardLogin, maxConnections: 1 })} ${pair(hardLogin)} ${btoa(pair(hardLogin))}</html>`;
    const faults: readonly Fault[] = [
      { status: 200, body: page },
      { status: 404, body: page },
      { status: 200, body: `Sorry ${pair(hardLogin)}, not now`, contentType: 'video/mp2t' },
      {
        status: 302,
        body: '',
        headers: { location: `http://127.0.0.1:1/live/${encodeURIComponent(pair(hardLogin))}` },
      },
    ];
    for (const fault of faults) {
      await panel.faults(fault);
      expect(await play(`live with ${fault.status}`, url)).to.be.within(500, 504);
      expect(await play(`movie with ${fault.status}`, movie)).to.be.within(500, 504);
    }
    await panel.set({ faults: [], redirects: 1, edgeDead: true });
    expect(await play('dead edge', url)).to.be.within(500, 504);
    await panel.set({ redirects: 0, edgeDead: false });
  });

  it('lists that are pages, broken off or another account are told', async () => {
    await panel.set({
      api: {
        byAction: { get_live_streams: 'html', get_vod_streams: 'user_info', get_series: 'blocked', xmltv: 'html' },
      },
    });
    await list.set({ api: { byAction: { get: 'truncated', xmltv: 'html' } } });
    await Promise.all([refresh(panelId), refresh(listId)]);
    await panel.set({ api: { byAction: withoutModes } });
    await list.set({ api: { byAction: { get: 'html', xmltv: 'normal' } } });
    await refresh(listId);
    await list.set({ api: { byAction: withoutModes } });
    expect([...seen.values()].join(''))
      .to.contain('SOURCE_TRUNCATED')
      .and.to.contain('SOURCE_NOT_A_LIST');
  });

  it('a wrong password, a test of the login and bad requests are told', async () => {
    for (const id of [panelId, listId]) await api('POST', `/sources/${id}/test`);
    await api('PATCH', `/sources/${panelId}`, { password: wrongPassword });
    const report = JSON.parse(await api('POST', `/sources/${panelId}/test`)) as { ok: boolean };
    expect(report.ok).to.equal(false);
    await refresh(panelId);
    expect(await play('live with a wrong password', await liveOf(panelId))).to.be.within(500, 504);
    await api('PATCH', `/sources/${panelId}`, { password: hardLogin.password });
    for (const body of [
      { kind: 'xtream', name: '', url: `ftp://${encodeURIComponent(hardLogin.username)}:x@host`, ...hardLogin },
      { kind: 'm3u', name: 'x', url: `no address ${tokens.query}` },
      {
        kind: 'xtream',
        name: 'x',
        url: panel.url,
        password: [hardLogin.password],
        username: { a: listLogin.username },
      },
      { kind: 'm3u', name: 'x', url: list.url, headers: { 'X Bad': tokens.header } },
      { kind: 'm3u', name: 'x', url: list.url, headers: { 'X-Bad': `${tokens.header}\r\nx: y` } },
    ])
      await api('POST', '/sources', body);
    const answers = [...seen].filter(([where]) => where.endsWith(': POST /sources')).slice(2);
    expect(
      answers.every(([, text]) => text.startsWith('400')),
      JSON.stringify(answers),
    ).to.equal(true);
    await refresh(panelId);
  });

  it('a provider that is gone is told', async () => {
    await list[Symbol.asyncDispose]();
    const { jobId } = JSON.parse(await api('POST', `/sources/${listId}/refresh`)) as { jobId: string };
    await api('POST', `/sources/${listId}/test`);
    await api('GET', '/jobs');
    await api('DELETE', `/jobs/${jobId}`);
    expect(await play('gone', await liveOf(listId))).to.be.within(500, 504);
    await readEverything('at the end');
  });

  it('no answer, output or problem document held one of them', () => {
    expect(seen.size).to.be.greaterThan(100);
    expect(leaks(secrets)).to.deep.equal([]);
  });

  it('no command line held one of them', function () {
    if (process.platform !== 'linux') this.skip();
    expect([...commands].join('\n')).to.contain('src/main.ts');
    expect(leaksIn([...commands].join('\n'), [...secrets, engine.token])).to.deep.equal([]);
  });

  it('no log held one of them, nor the tokens of Coax itself', async () => {
    const { token } = await engine.output();
    expect(await engine.end()).to.include({ code: 0 });
    expect(engine.complained.length).to.be.greaterThan(1000);
    expect(engine.logs()).to.contain('SOURCE_');
    expect(leaksIn(engine.said, [...secrets, engine.token])).to.deep.equal([]);
    // The addresses of the default output stand on standard output, for who has started it, and in no log.
    for (const text of [engine.complained, engine.logs()])
      expect(leaksIn(text, [...secrets, engine.token, token])).to.deep.equal([]);
  });

  it('only the configuration and the catalogue hold them, for nobody else to read', () => {
    const holders: string[] = [];
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const entry of files) {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString() : bytes.toString('latin1');
      if (leaksIn(text, secrets).length === 0 && entry.name !== 'admin-token') continue;
      holders.push(relative(dataDir, path));
      expect(statSync(path).mode & 0o777, entry.name).to.equal(0o600);
    }
    expect(files.length).to.be.greaterThan(5);
    expect(holders.filter((name) => !keepers.test(name))).to.deep.equal([]);
    expect(holders).to.include('config.json');
  });

  it('a secret is found in each of its forms', () => {
    const secret = hardLogin.password;
    const texts = [
      'x p+ss/w%rd',
      'p%2bss%2fw%25rd',
      'p%2Bss%2Fw%25rd',
      ...['', 'a', 'ab'].map((lead) => btoa(`${lead}${secret} and more`)),
      JSON.stringify({ a: secret }),
    ];
    for (const text of texts) expect(leaksIn(`before${text}after`, [secret]), text).to.not.deep.equal([]);
    expect(formsOf(hardLogin.username).anyCase).to.include('us+er%40x');
    expect(leaksIn('nothing of the kind', secrets)).to.deep.equal([]);
  });
});
