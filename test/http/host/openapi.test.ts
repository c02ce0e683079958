import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { type TestApp, adminToken, startTestApp } from '../../support/in-process-app.ts';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

describe('the OpenAPI document of the host API', () => {
  let app: TestApp;
  let document: Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const called = new Set<string>();

  before(async function () {
    this.timeout(20_000);
    app = await startTestApp();
    await app.settled();
    document = (await (await ask('GET', '/openapi.json')).json()) as Document;
  });
  after(() => app[Symbol.asyncDispose]());

  function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    return fetch(`${app.url}/host/v1${path}`, init);
  }

  /** Calls a route and checks its answer against the document. */
  async function call<Body>(method: string, path: string, status: number, id = '', body?: unknown): Promise<Body> {
    const answer = await ask(method, path.replace('{id}', id), body);
    const text = await answer.text();
    expect(answer.status, text.slice(0, 300)).to.equal(status);
    const described = document.paths[path]?.[method.toLowerCase()]?.responses[String(status)];
    expect(described, `${method} ${path} describes ${status}`).to.not.equal(undefined);
    const schema = described!.content?.['application/json']?.schema;
    const parsed: unknown = text === '' || schema === undefined ? undefined : JSON.parse(text);
    if (schema !== undefined) {
      const check = ajv.compile(schema);
      expect(check(parsed), JSON.stringify(check.errors?.slice(0, 3))).to.equal(true);
    }
    called.add(`${method.toLowerCase()} ${path}`);
    return parsed as Body;
  }

  async function problem(method: string, path: string, status: number, code: string, body?: unknown): Promise<void> {
    const answer = await ask(method, path, body);
    expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
    const found = (await answer.json()) as { code: string };
    expect([answer.status, found.code]).to.deep.equal([status, code]);
    const check = ajv.compile(document.components.schemas['Problem']!);
    expect(check(found), JSON.stringify(check.errors)).to.equal(true);
  }

  it('describes what is served, and every route it describes was called here', async () => {
    const health = await call<{ ready: boolean; channels: number; problems: string[] }>('GET', '/health', 200);
    expect(health).to.deep.include({ ready: true, channels: 3, sources: 1, streams: 0, problems: [] });
    const lineup = await call<{ revision: string; channels: { id: string; logo: string }[] }>('GET', '/channels', 200);
    expect(lineup).to.deep.include({
      revision: (await call<{ lineupRevision: string }>('GET', '/health', 200)).lineupRevision,
    });
    const { id, logo } = lineup.channels[0]!;
    expect((await fetch(app.url + logo)).headers.get('content-type')).to.match(/^image\//);
    const open = {
      channelId: id,
      output: 'default',
      viewer: { key: 'device-1', label: 'Living room' },
      replaces: ['0'.repeat(32)],
      purpose: 'live',
      waitForFactsMs: 5_000,
    };
    const made = await call<{ id: string; path: string; facts: { video: unknown[] } }>(
      'POST',
      '/streams',
      201,
      '',
      open,
    );
    expect(made.path).to.equal(`/s/${made.id}.ts`);
    expect(made.id).to.match(/^[0-9a-f]{32}$/);
    expect(made.facts.video).to.have.length(1);
    await call('POST', '/streams/{id}/resume', 204, made.id, { replaces: ['gone', made.id] });
    await call('PUT', '/viewers', 204, '', {
      streams: [
        { id: made.id, viewers: ['Anna'] },
        { id: 'gone', viewers: [] },
      ],
    });
    const { streams } = await call<{ streams: { id: string; readers: number }[] }>('GET', '/streams', 200);
    expect(streams).to.have.length(1);
    expect(streams[0]).to.include({ id: made.id, channelId: id, readers: 0 });
    await call('DELETE', '/streams/{id}', 204, made.id);
    await call('DELETE', '/streams/{id}', 204, made.id);
    expect((await call<{ streams: unknown[] }>('GET', '/streams', 200)).streams).to.deep.equal([]);
    await call('GET', '/programmes', 200);
    await call('GET', '/openapi.json', 200);
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect([...called].sort()).to.deep.equal(described.sort());
    expect(document.openapi).to.equal('3.1.0');
    expect(document.servers).to.deep.equal([{ url: '/host/v1' }]);
  });

  it('takes absent and null for the same in what a host sends', async () => {
    const { channels } = (await (await ask('GET', '/channels')).json()) as { channels: { id: string }[] };
    const body = {
      channelId: channels[0]!.id,
      output: null,
      viewer: null,
      replaces: null,
      purpose: null,
      waitForFactsMs: null,
      more: 1,
    };
    const answer = await ask('POST', '/streams', body);
    expect(answer.status).to.equal(201);
    await ask('DELETE', `/streams/${((await answer.json()) as { id: string }).id}`);
  });

  for (const [method, path, status, code, body] of [
    ['GET', '/nothing', 404, 'NOT_FOUND', undefined],
    ['PATCH', '/streams', 405, 'METHOD_NOT_ALLOWED', {}],
    ['GET', '/channels?output=none', 404, 'NOT_FOUND', undefined],
    ['GET', '/programmes?output=none', 404, 'NOT_FOUND', undefined],
    ['GET', '/health?output=none', 404, 'NOT_FOUND', undefined],
    ['POST', '/streams', 404, 'NOT_FOUND', { channelId: 'none' }],
    ['POST', '/streams', 400, 'BAD_REQUEST', {}],
    ['POST', '/streams', 400, 'BAD_REQUEST', { channelId: 'c', waitForFactsMs: 5_001 }],
    ['POST', '/streams', 400, 'BAD_REQUEST', { channelId: 'c', viewer: { key: '' } }],
    ['POST', '/streams/gone/resume', 404, 'NOT_FOUND', { replaces: [] }],
    ['POST', '/streams/gone/resume', 400, 'BAD_REQUEST', {}],
    ['PUT', '/viewers', 400, 'BAD_REQUEST', { streams: [{ id: 'x' }] }],
  ] as const) {
    it(`has problem documents: ${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} is ${status}`, async () => {
      await problem(method, path, status, code, body);
    });
  }

  it('needs a token on every route', async () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of Object.keys(item)) {
        for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
          const answer = await fetch(`${app.url}/host/v1${path}`, { method: method.toUpperCase(), headers });
          expect(answer.status, `${method} ${path}`).to.equal(401);
        }
      }
    }
  });
});
