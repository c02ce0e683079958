import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { HostProgramme } from '../../src/guide/host-programme.ts';
import type { Engine } from '../support/engine.ts';
import { hardLogin } from '../support/fake-provider/settings.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { leaksIn } from '../support/secret-forms.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Guide {
  readonly revision: string;
  readonly channels: ReadonlyMap<string, readonly HostProgramme[]>;
  readonly end: { readonly channels: number; readonly programmes: number };
  readonly text: string;
  readonly etag: string | null;
}

async function guideOf(engine: Engine): Promise<Guide> {
  const answer = await engine.host<string>('GET', '/programmes');
  expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).to.deep.equal([
    200,
    'application/x-ndjson',
  ]);
  const lines = answer.text.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const head = parsed.shift() as { guide: number; revision: string };
  const end = parsed.pop() as { end: boolean; channels: number; programmes: number };
  expect([head.guide, end.end]).to.deep.equal([1, true]);
  const channels = new Map(
    parsed.map((line) => [line['channelId'] as string, line['programmes'] as readonly HostProgramme[]]),
  );
  return { revision: head.revision, channels, end, text: answer.text, etag: answer.headers.get('etag') };
}

describe('the guide over the host API', function () {
  this.timeout(60_000);
  let rig: Rig;
  let engine: Engine;

  before(async () => {
    rig = await startRig({
      provider: {
        logins: [{ ...hardLogin, maxConnections: 1 }],
        catalog: { channels: 12, movies: 0, series: 0, groups: 1 },
      },
    });
    engine = rig.engine;
  });
  after(async () => rig?.[Symbol.asyncDispose]());

  const revision = async (): Promise<string> =>
    (await engine.host<{ guideRevision: string }>('GET', '/health')).body.guideRevision;
  const refreshGuide = async () => {
    const { body } = await engine.api<{ jobId: string }>('POST', `/sources/${rig.sourceId}/refresh?parts=guide`);
    return engine.ended(body.jobId);
  };

  it('gives the programmes of every channel, whole, under the revision that health tells', async () => {
    const guide = await guideOf(engine);
    expect(guide.channels.size).to.equal(12);
    expect(guide.end.channels).to.equal(12);
    expect(guide.end.programmes)
      .to.equal([...guide.channels.values()].flat().length)
      .and.be.greaterThan(12 * 40);
    const { body } = await engine.host<{ channels: readonly { id: string }[] }>('GET', '/channels');
    expect(body.channels.map(({ id }) => id)).to.have.members([...guide.channels.keys()]);
    expect(await revision()).to.equal(guide.revision);
    expect(guide.etag).to.equal(`"${guide.revision}"`);
    for (const programmes of guide.channels.values()) {
      expect(new Set(programmes.map(({ id }) => id)).size).to.equal(programmes.length);
      for (const { etag, start, stop, title } of programmes) {
        expect(etag).to.match(/^[0-9a-f]{64}$/);
        expect(stop).to.be.greaterThan(start);
        expect(title).to.match(/^Programme /);
      }
    }
  });

  it('answers 304 to who has it, and needs the token', async () => {
    const tag = (await guideOf(engine)).etag ?? '';
    const ask = (headers: Record<string, string>) => fetch(`${engine.url}/host/v1/programmes`, { headers });
    const same = await ask({ authorization: `Bearer ${engine.token}`, 'if-none-match': tag });
    expect([same.status, await same.text()]).to.deep.equal([304, '']);
    expect((await ask({})).status).to.equal(401);
  });

  it('is packed for who takes it', async () => {
    const { text } = await guideOf(engine);
    const { default: http } = await import('node:http');
    const { headers, body } = await new Promise<{ headers: object; body: Buffer }>((resolve, reject) => {
      const request = http.get(`${engine.url}/host/v1/programmes`, {
        headers: { authorization: `Bearer ${engine.token}`, 'accept-encoding': 'gzip' },
      });
      request.on('error', reject).on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      });
    });
    expect(headers).to.include({ 'content-encoding': 'gzip' });
    expect(gunzipSync(body).toString()).to.equal(text);
  });

  it('costs the provider one request when the guide is refreshed, and keeps ids when all moves by ten minutes', async () => {
    const before = await guideOf(engine);
    await rig.provider.set({ guide: { shiftMin: 10 } });
    await rig.provider.reset();
    const job = await refreshGuide();
    expect(job).to.deep.include({ state: 'succeeded', parts: 'guide', problems: [] });
    const { requests } = await rig.provider.state();
    expect(requests.map(({ url }) => url.replace(/\?.*$/, ''))).to.deep.equal(['/xmltv.php']);
    await waitUntil('the revision has moved', async () => (await revision()) !== before.revision);
    const after = await guideOf(engine);
    for (const [channel, programmes] of before.channels) {
      const moved = new Map(after.channels.get(channel)?.map((programme) => [programme.id, programme]));
      const kept = programmes.filter(({ id, start, title }) => {
        const now = moved.get(id);
        return now?.title === title && now.start === start + 600;
      });
      // At the ends of the window one may have come or gone.
      expect(kept.length).to.be.within(programmes.length - 2, programmes.length);
    }
    // The lists were not read, and nothing of them has changed.
    expect((await engine.channels()).length).to.equal(12);
  });

  it('does not move when a refresh brings the same', async () => {
    const before = await guideOf(engine);
    expect((await refreshGuide()).state).to.equal('succeeded');
    const after = await guideOf(engine);
    // Programmes begin on the hour: at its turn the guide is another one.
    if (after.end.programmes === before.end.programmes) expect(after.revision).to.equal(before.revision);
    else expect(after.revision).to.not.equal(before.revision);
  });

  it("names no picture of the provider's own host, never asks for one, and tells no login", async () => {
    const icon = `${rig.provider.url}/images/${encodeURIComponent(hardLogin.username)}/p.png`;
    await rig.provider.set({ guide: { icon } });
    await rig.provider.reset();
    expect((await refreshGuide()).state).to.equal('succeeded');
    const { text } = await guideOf(engine);
    expect(text).to.not.include('"image"');
    expect(text).to.not.include(new URL(rig.provider.url).host);
    expect(leaksIn(text, [hardLogin.username, hardLogin.password])).to.deep.equal([]);
    expect((await rig.provider.state()).requests.filter(({ url }) => url.includes('/images/'))).to.deep.equal([]);
  });
});
