import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/in-process-app.ts';

interface JobView {
  readonly state: string;
  readonly parts: string;
  readonly progress: { readonly stage: string };
  readonly counts: { readonly programmes?: number; readonly channels?: number };
}

describe('POST /sources/{id}/refresh?parts=guide', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    await app.settled();
  });
  after(() => app[Symbol.asyncDispose]());

  const source = async (): Promise<string> =>
    ((await (await app.api('GET', '/sources')).json()) as { id: string }[])[0]!.id;

  it('reads the guide alone, as a job', async () => {
    const answer = await app.api('POST', `/sources/${await source()}/refresh?parts=guide`);
    expect(answer.status).to.equal(202);
    const { jobId } = (await answer.json()) as { jobId: string };
    await app.settled();
    const job = (await (await app.api('GET', `/jobs/${jobId}`)).json()) as JobView;
    expect(job, JSON.stringify(job)).to.include({ state: 'succeeded', parts: 'guide' });
    expect(job.counts.programmes).to.be.greaterThan(0);
    expect(job.counts).to.not.have.property('channels');
  });

  it('reads all without it, and takes nothing else for it', async () => {
    const id = await source();
    const { jobId } = (await (await app.api('POST', `/sources/${id}/refresh`)).json()) as { jobId: string };
    await app.settled();
    expect(await (await app.api('GET', `/jobs/${jobId}`)).json()).to.include({ parts: 'all' });
    const wrong = await app.api('POST', `/sources/${id}/refresh?parts=movies`);
    expect([wrong.status, ((await wrong.json()) as { code: string }).code]).to.deep.equal([400, 'BAD_REQUEST']);
  });

  it('stands in the OpenAPI document', async () => {
    const document = (await (await app.api('GET', '/openapi.json')).json()) as {
      paths: Record<string, { post: { parameters: { name: string; in: string; schema: { enum?: string[] } }[] } }>;
    };
    const parameter = document.paths['/sources/{id}/refresh']!.post.parameters.find(({ name }) => name === 'parts');
    expect(parameter).to.deep.include({ in: 'query', required: false });
    expect(parameter!.schema.enum).to.deep.equal(['all', 'guide']);
  });
});

describe('GET /o/{token}/picture/{name}', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    await mkdir(join(app.dataDir, 'pictures'), { recursive: true });
    await writeFile(join(app.dataDir, 'pictures', 'a'.repeat(40)), png);
  });
  after(() => app[Symbol.asyncDispose]());

  it('gives a picture that is held, as a picture and nothing else', async () => {
    const answer = await fetch(`${app.output}/picture/${'a'.repeat(40)}`);
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'image/png']);
    expect(answer.headers.get('x-content-type-options')).to.equal('nosniff');
    expect(Buffer.from(await answer.arrayBuffer()).equals(png)).to.equal(true);
    const head = await fetch(`${app.output}/picture/${'a'.repeat(40)}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).to.deep.equal([200, '16']);
  });

  it('gives nothing else, and nothing without the token', async () => {
    for (const name of ['b'.repeat(40), 'told', '..%2F..%2Fconfig.json', 'A'.repeat(40)])
      expect((await fetch(`${app.output}/picture/${name}`)).status, name).to.equal(404);
    expect((await fetch(`${app.url}/o/${'0'.repeat(32)}/picture/${'a'.repeat(40)}`)).status).to.equal(404);
  });
});
