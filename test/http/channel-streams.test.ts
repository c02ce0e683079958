import { expect } from 'chai';
import { RawClient } from '../support/raw-client.ts';
import { adminToken, startTestApp, type TestApp } from '../support/in-process-app.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Channel {
  readonly id: string;
  readonly name: string;
  readonly streams: readonly { readonly id: string }[];
}

interface Streams {
  readonly listed: boolean;
  readonly streams: readonly {
    readonly id: string;
    readonly name: string;
    readonly channelId: string;
    readonly health: { readonly state: string };
  }[];
  readonly missing: readonly string[];
}

interface Session {
  readonly id: string;
  readonly state: string;
  readonly streamId: string;
  readonly failover: {
    readonly candidates: number;
    readonly candidate: number;
    readonly lastSwitch?: { reason: string };
  };
}

describe('The streams of a channel', () => {
  let app: TestApp;
  let channels: readonly Channel[];
  before(async () => {
    app = await startTestApp();
    await app.settled();
    channels = await list();
  });
  after(async () => app[Symbol.asyncDispose]());

  const list = async (): Promise<readonly Channel[]> =>
    ((await (await app.api('GET', '/channels?limit=100')).json()) as { items: Channel[] }).items;
  const of = (n: number): Channel => channels[n] ?? { id: '', name: '', streams: [] };
  const streamOf = (n: number): string => of(n).streams[0]?.id ?? '';
  const get = async (n: number): Promise<Streams> =>
    (await (await app.api('GET', `/channels/${of(n).id}/streams`)).json()) as Streams;
  const put = (n: number, streams: unknown): Promise<Response> =>
    app.api('PUT', `/channels/${of(n).id}/streams`, { streams });
  const sessions = async (): Promise<readonly Session[]> =>
    (await (await app.api('GET', '/streams')).json()) as Session[];

  it('are its own until a list is given, and again when that is taken away', async () => {
    const own = await get(0);
    expect(own).to.deep.include({ listed: false, missing: [] });
    expect(own.streams.map(({ id }) => id)).to.deep.equal([streamOf(0)]);
    const given = await put(0, [streamOf(1), streamOf(0)]);
    expect(given.status).to.equal(200);
    const listed = (await given.json()) as Streams;
    expect(listed.streams.map(({ id, name, channelId }) => [id, name, channelId])).to.deep.equal([
      [streamOf(1), of(1).name, of(1).id],
      [streamOf(0), of(0).name, of(0).id],
    ]);
    expect(listed.streams.map(({ health }) => health.state)).to.deep.equal(['good', 'good']);
    expect(await get(0)).to.deep.equal(listed);
    expect((await list()).find(({ id }) => id === of(0).id)?.streams.map(({ id }) => id)).to.deep.equal([
      streamOf(1),
      streamOf(0),
    ]);
    await put(0, []);
    expect(await get(0)).to.deep.equal(own);
  });

  it('stay over a refresh of the source', async () => {
    await put(0, [streamOf(1), streamOf(0)]);
    await app.api('POST', '/sources/demo/refresh');
    await app.settled();
    expect((await get(0)).streams.map(({ id }) => id)).to.deep.equal([streamOf(1), streamOf(0)]);
    await put(0, []);
  });

  for (const [what, streams, status] of [
    ['a stream that does not exist', ['stnothing'], 400],
    ['what is no list', 'st', 400],
    ['too many', Array.from({ length: 21 }, (_, n) => `st${n}`), 400],
  ] as const)
    it(`refuses ${what}`, async () => {
      const answer = await put(0, streams);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([status, 'BAD_REQUEST']);
    });

  it('refuses a stream that is named twice, and channels that are not there', async () => {
    expect((await put(0, [streamOf(0), streamOf(0)])).status).to.equal(400);
    expect((await app.api('PUT', '/channels/nothing/streams', { streams: [] })).status).to.equal(404);
    expect((await app.api('GET', '/channels/nothing/streams')).status).to.equal(404);
  });

  it('are switched by hand under the same player', async () => {
    await put(0, [streamOf(0), streamOf(1)]);
    const player = await RawClient.send(`${app.output}/live/${of(0).id}.ts`);
    await player.read(188 * 200);
    const [session] = await sessions();
    expect(session?.failover).to.deep.include({ candidates: 2, candidate: 1 });
    const next = (body?: unknown): Promise<Response> => app.api('POST', `/streams/${session?.id}/next`, body);
    const changed = await next();
    expect(changed.status).to.equal(200);
    const view = (await changed.json()) as Session;
    expect([view.id, view.streamId, view.failover.candidate]).to.deep.equal([session?.id, streamOf(1), 2]);
    expect(view.failover.lastSwitch?.reason).to.equal('by-hand');
    expect((await next({ streamId: streamOf(0) })).status).to.equal(200);
    expect((await next({ streamId: streamOf(0) })).status, 'it plays already').to.equal(409);
    expect((await next({ streamId: 'stnothing' })).status).to.equal(404);
    expect((await next({ stream: 'x' })).status).to.equal(400);
    expect((await app.api('POST', '/streams/live-nothing/next')).status).to.equal(404);
    const { continuityErrors, timeJumps, aligned } = checkTs(await player.read(188 * 2_000));
    expect({ continuityErrors, timeJumps, aligned }).to.deep.equal({
      continuityErrors: [],
      timeJumps: [],
      aligned: true,
    });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).to.match(/coax_failovers_total\{reason="by-hand"\} 2/);
    await put(0, []);
    // The list is asked for at each change.
    expect((await next()).status).to.equal(409);
    player.close();
    await waitUntil('it is over', async () => (await sessions()).every(({ state }) => state !== 'live'));
  });

  it('are switched by hand for the stream of a media server, by its id', async () => {
    await put(2, [streamOf(2), streamOf(1)]);
    const opened = await fetch(`${app.url}/host/v1/streams`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channelId: of(2).id }),
    });
    const { id, path } = (await opened.json()) as { id: string; path: string };
    const player = await RawClient.send(app.url + path);
    await player.read(188 * 200);
    const changed = await app.api('POST', `/streams/${id}/next`);
    expect(changed.status).to.equal(200);
    expect(((await changed.json()) as Session).streamId).to.equal(streamOf(1));
    expect(player.ended).to.equal(false);
    player.close();
  });
});
