import { expect } from 'chai';
import { type TestApp, adminToken, startTestApp } from '../../support/in-process-app.ts';

interface Health {
  readonly lineupRevision: string;
  readonly guideRevision: string;
  readonly channels: number;
  readonly problems: readonly string[];
}
interface Lineup {
  readonly revision: string;
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly number: string | null;
    readonly logo: string | null;
    readonly groups: readonly string[];
    readonly facts: unknown;
  }[];
}

describe('the lineup that a host gets', () => {
  let app: TestApp;
  before(async function () {
    this.timeout(20_000);
    app = await startTestApp();
    await app.settled();
  });
  after(() => app[Symbol.asyncDispose]());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${app.url}/host/v1${path}`, { headers: { authorization: `Bearer ${adminToken}`, ...headers } });
  const health = async () => (await (await get('/health')).json()) as Health;
  const lineup = async (query = '') => (await (await get(`/channels${query}`)).json()) as Lineup;

  it('is that of the output, in its order', async () => {
    const { channels } = await lineup();
    const { items } = (await (await app.api('GET', '/channels')).json()) as { items: { id: string; name: string }[] };
    expect(channels.map(({ id }) => id)).to.deep.equal(items.map(({ id }) => id));
    expect(channels[0]).to.include({ name: items[0]!.name, number: '1' });
    const made = await app.api('POST', '/outputs', { name: 'Kids', groups: ['Demo Tests'] });
    const { id } = (await made.json()) as { id: string };
    expect((await lineup(`?output=${id}`)).channels).to.have.length(1);
    await app.api('DELETE', `/outputs/${id}`);
  });

  it('is answered with 304 while it is the same, and has another revision when a channel was changed', async () => {
    const first = await get('/channels');
    const etag = first.headers.get('etag')!;
    const { revision, channels } = (await first.json()) as Lineup;
    expect(etag).to.equal(`"${revision}"`);
    const again = await get('/channels', { 'if-none-match': etag });
    expect([again.status, await again.text()]).to.deep.equal([304, '']);
    await app.api('PATCH', `/channels/${channels[0]!.id}`, { name: 'Mine' });
    const changed = await get('/channels', { 'if-none-match': etag });
    expect(changed.status).to.equal(200);
    const after = (await changed.json()) as Lineup;
    expect(after.revision).to.not.equal(revision);
    expect(after.channels.map(({ name }) => name)).to.include('Mine');
    expect((await health()).lineupRevision).to.equal(after.revision);
    await app.api('PATCH', `/channels/${channels[0]!.id}`, { name: null });
  });

  it('names logos by an address that changes with the logo', async () => {
    const { channels } = await lineup();
    const { id, logo } = channels[0]!;
    expect(logo).to.match(new RegExp(`^${new URL(app.output).pathname}/logo/${id}\\?v=[0-9a-f]+$`));
    await app.api('PATCH', `/channels/${id}`, { logo: 'https://pictures.invalid/other.png' });
    const other = (await lineup()).channels.find((channel) => channel.id === id)?.logo;
    expect(other).to.not.equal(logo);
    await app.api('PATCH', `/channels/${id}`, { logo: null });
  });

  it('tells what a channel carries once that was seen, under the same revision: it is no other lineup', async () => {
    const { revision, channels } = await lineup();
    expect(channels[1]!.facts).to.equal(null);
    const opened = await fetch(`${app.url}/host/v1/streams`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channelId: channels[1]!.id, waitForFactsMs: 5_000 }),
    });
    expect(((await opened.json()) as { facts: unknown }).facts).to.not.equal(null);
    let now = await lineup();
    for (let n = 0; now.channels[1]!.facts === null && n < 100; n++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      now = await lineup();
    }
    expect(now.revision).to.equal(revision);
    expect(now.channels[1]!.facts).to.have.nested.property('video[0].codec', 'h264');
  });

  it('is missed by nobody who asks how Coax is: what is wrong with a source is told', async function () {
    this.timeout(20_000);
    expect((await health()).problems).to.deep.equal([]);
    const made = await app.api('POST', '/sources', { kind: 'm3u', name: 'Lost', url: '/nowhere/list.m3u' });
    const { id } = (await made.json()) as { id: string };
    await app.settled();
    const { problems } = await health();
    expect(problems.join()).to.match(/^Lost \(live\): /);
    await app.api('DELETE', `/sources/${id}`);
    expect((await health()).problems).to.deep.equal([]);
  });
});
