import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { startWebStub } from '../sources/web-stub.ts';
import { hasFfmpeg } from '../support/ffmpeg.ts';
import { FakeJellyfin } from '../support/fake-jellyfin.ts';
import { type TestApp, startTestApp } from '../support/in-process-app.ts';

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

describe('the OpenAPI document', () => {
  let app: TestApp;
  let document: Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const called = new Set<string>();

  before(async function () {
    app = await startTestApp();
    await app.settled();
    document = (await (await app.api('GET', '/openapi.json')).json()) as Document;
  });
  after(() => app[Symbol.asyncDispose]());

  function checkerOf(method: string, path: string, status: number): ValidateFunction | null {
    const operation = document.paths[path]?.[method.toLowerCase()];
    expect(operation, `${method} ${path} is described`).to.not.equal(undefined);
    const answer = operation!.responses[String(status)];
    expect(answer, `${method} ${path} describes status ${status}`).to.not.equal(undefined);
    const schema = answer!.content?.['application/json']?.schema;
    return schema === undefined ? null : ajv.compile(schema);
  }

  /** Calls a route and checks its answer against the document. */
  async function call<Body = unknown>(
    method: string,
    path: string,
    status: number,
    options: { params?: Record<string, string>; query?: string; body?: unknown } = {},
  ): Promise<Body> {
    const address = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => options.params?.[name] ?? '');
    const response = await app.api(method, address + (options.query ?? ''), options.body);
    const text = await response.text();
    expect(response.status, `${method} ${address}: ${text.slice(0, 300)}`).to.equal(status);
    const check = checkerOf(method, path, status);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    if (check !== null && !check(body))
      expect.fail(`${method} ${address}: ${JSON.stringify(check.errors?.slice(0, 3))}`);
    called.add(`${method.toLowerCase()} ${path}`);
    return body as Body;
  }

  async function problem(
    method: string,
    path: string,
    status: number,
    code: string,
    body?: unknown,
  ): Promise<Record<string, unknown>> {
    const response = await app.api(method, path, body);
    expect(response.headers.get('content-type')).to.match(/^application\/problem\+json/);
    const found = (await response.json()) as Record<string, unknown>;
    expect(response.status, JSON.stringify(found)).to.equal(status);
    expect(found['code']).to.equal(code);
    const check = ajv.compile(document.components.schemas['Problem']!);
    expect(check(found), JSON.stringify(check.errors)).to.equal(true);
    return found;
  }

  it('describes what is served: sources', async function () {
    await call('GET', '/sources', 200);
    const made = await call<{ id: string }>('POST', '/sources', 201, { body: { kind: 'demo', name: 'Second' } });
    const params = { id: made.id };
    try {
      await app.settled();
      expect(await call('GET', '/sources/{id}', 200, { params })).to.include({ name: 'Second' });
      expect(await call('PATCH', '/sources/{id}', 200, { params, body: { name: 'Renamed' } })).to.include({
        name: 'Renamed',
      });
      expect(await call('POST', '/sources/{id}/test', 200, { params })).to.include({ ok: true });
    } finally {
      await call('DELETE', '/sources/{id}', 204, { params });
    }
    const left = await call<{ items: { sourceId: string }[] }>('GET', '/channels', 200);
    expect(left.items.map(({ sourceId }) => sourceId)).to.not.include(made.id);
  });

  it('describes what is served: circuit breakers', async () => {
    await using stub = await startWebStub((_request, response) => response.writeHead(404).end());
    const made = await call<{ id: string }>('POST', '/sources', 201, {
      body: { kind: 'm3u', name: 'Gone', url: `${stub.base}/list.m3u`, enabled: false },
    });
    expect(await call('POST', '/sources/{id}/test', 200, { params: { id: made.id } })).to.include({ ok: false });
    const [breaker] = await call<readonly { id: string }[]>('GET', '/breakers', 200);
    const id = breaker?.id ?? '';
    expect(breaker).to.include({ id: `list:${new URL(stub.base).host}`, state: 'closed', failures: 0 });
    const params = { id };
    expect(await call('POST', '/breakers/{id}', 200, { params, body: { state: 'open' } })).to.include({
      forced: 'open',
    });
    await problem('POST', `/breakers/${id}`, 400, 'BAD_REQUEST', { state: 'ajar' });
    expect(await call('POST', '/breakers/{id}', 200, { params, body: { state: 'auto' } })).to.include({ forced: null });
    await problem('POST', '/breakers/none', 404, 'NOT_FOUND', { state: 'open' });
    await call('DELETE', '/sources/{id}', 204, { params: { id: made.id } });
  });

  it('describes what is served: transcode profiles', async () => {
    const { profiles } = await call<{ profiles: readonly { name: string }[] }>('GET', '/transcode/profiles', 200);
    expect(profiles.map(({ name }) => name)).to.include('h264');
    await call('POST', '/transcode/profiles/{name}/check', hasFfmpeg ? 200 : 502, { params: { name: 'aac' } });
    await problem('POST', '/transcode/profiles/none/check', 404, 'NOT_FOUND');
    await problem('POST', '/outputs', 400, 'BAD_REQUEST', { name: 'Phones', profile: 'none' });
  });

  it('describes what is served: media servers', async () => {
    await using jellyfin = await FakeJellyfin.start();
    const { url, apiKey } = jellyfin;
    const made = await call<{ id: string }>('POST', '/hosts', 201, { body: { name: 'Home', url, apiKey } });
    const params = { id: made.id };
    expect(JSON.stringify(await call('GET', '/hosts', 200))).to.not.contain(apiKey);
    expect(await call('POST', '/hosts/{id}/test', 200, { params })).to.include({ ok: true });
    expect(await call('POST', '/hosts/{id}/connect', 200, { params })).to.have.nested.property('registration.tunerId');
    await call('POST', '/hosts/{id}/refresh-guide', 202, { params });
    await call('POST', '/hosts/{id}/scan', 202, { params, body: {} });
    await call('POST', '/hosts/{id}/disconnect', 204, { params });
    await problem('PATCH', `/hosts/${made.id}`, 400, 'BAD_REQUEST', { url: 'ftp://x' });
    await call('PATCH', '/hosts/{id}', 200, { params, body: { apiKey: 'wrong' } });
    expect(await call('POST', '/hosts/{id}/test', 200, { params })).to.include({ ok: false, code: 'HOST_REFUSED' });
    await problem('POST', `/hosts/${made.id}/connect`, 502, 'HOST_REFUSED');
    await call('DELETE', '/hosts/{id}', 204, { params });
    await problem('POST', `/hosts/${made.id}/test`, 404, 'NOT_FOUND');
  });

  it('describes what is served: jobs', async function () {
    // It never answers, so that the job still runs when it is cancelled, however fast this machine is.
    await using silent = await startWebStub(() => {});
    const made = await call<{ id: string }>('POST', '/sources', 201, {
      body: { kind: 'xtream', name: 'Silent', url: silent.base, username: 'u', password: 'p' },
    });
    try {
      const params = { id: made.id };
      const { jobId } = await call<{ jobId: string }>('POST', '/sources/{id}/refresh', 202, { params });
      const job = await call<object>('GET', '/jobs/{id}', 200, { params: { id: jobId } });
      expect(job).to.include({ id: jobId, sourceId: made.id });
      await call('GET', '/jobs', 200);
      await call('DELETE', '/jobs/{id}', 202, { params: { id: jobId } });
      await app.settled();
      expect(await call('GET', '/jobs/{id}', 200, { params: { id: jobId } })).to.include({ state: 'cancelled' });
      await problem('DELETE', `/jobs/${jobId}`, 409, 'CONFLICT');
    } finally {
      await call('DELETE', '/sources/{id}', 204, { params: { id: made.id } });
    }
  });

  it('describes what is served: channels, groups, guide, movies and series', async () => {
    const page = await call<{ items: { id: string; name: string }[]; total: number; next: string | null }>(
      'GET',
      '/channels',
      200,
      { query: '?limit=2' },
    );
    expect(page.items).to.have.length(2);
    expect(page.total).to.equal(3);
    const rest = await call<{ items: { id: string }[]; next: string | null }>('GET', '/channels', 200, {
      query: `?limit=2&cursor=${encodeURIComponent(page.next!)}`,
    });
    expect(new Set([...page.items, ...rest.items].map(({ id }) => id)).size).to.equal(3);
    expect(rest.next).to.equal(null);
    const { id, name } = page.items[0]!;
    expect(
      await call('PATCH', '/channels/{id}', 200, { params: { id }, body: { name: 'Mine', number: '7.1' } }),
    ).to.include({ name: 'Mine', number: '7.1' });
    expect(await call('GET', '/channels/{id}', 200, { params: { id } })).to.deep.include({
      overrides: { name: 'Mine', number: '7.1' },
    });
    expect(
      await call('PATCH', '/channels/{id}', 200, { params: { id }, body: { request: { headers: { Cookie: 'a=b' } } } }),
    ).to.have.deep.property('request', { headerNames: ['Cookie'], hasUserAgent: false, hasProxy: false });
    expect(
      await call('PATCH', '/channels/{id}', 200, { params: { id }, body: { name: null, number: null, request: null } }),
    ).to.include({ name, number: '1' });
    expect((await call<{ items: unknown[] }>('GET', '/channels', 200, { query: '?q=colours' })).items).to.have.length(
      1,
    );
    await call('GET', '/groups', 200);
    const guide = await call<{ items: { channelId: string; start: string; stop: string }[] }>('GET', '/guide', 200, {
      query: `?channel=${id}`,
    });
    expect(guide.items.length).to.be.greaterThan(10);
    for (const { start, stop } of guide.items) expect(Date.parse(stop)).to.be.greaterThan(Date.parse(start));
    const movies = await call<{ items: { id: string }[] }>('GET', '/movies', 200);
    expect(movies.items).to.have.length(1);
    const movie = await call<{ others: unknown[] }>('GET', '/movies/{id}', 200, {
      params: { id: movies.items[0]!.id },
    });
    expect(movie.others).to.deep.equal([]);
    const series = await call<{ items: { id: string }[] }>('GET', '/series', 200);
    const episodes = await call<{ total: number }>('GET', '/series/{id}/episodes', 200, {
      params: { id: series.items[0]!.id },
    });
    expect(episodes.total).to.equal(2);
  });

  it('describes what is served: accounts, streams and outputs', async () => {
    const response = await fetch(`${app.output}/live/${(await firstChannel()).id}.ts`);
    const reader = response.body!.getReader();
    await reader.read();
    expect(await call('GET', '/accounts', 200)).to.have.length(1);
    const streams = await call<{ id: string; consumers: unknown[] }[]>('GET', '/streams', 200);
    expect(streams).to.have.length(1);
    expect(streams[0]!.consumers).to.have.length(1);
    expect(await call('GET', '/debug/sync', 200)).to.deep.include({ relays: 1, consumers: 1, mismatches: [] });
    await playFromTwo(streams[0]!.id);
    await call('DELETE', '/streams/{id}', 204, { params: { id: streams[0]!.id } });
    for (let chunk = await reader.read(); !chunk.done; ) chunk = await reader.read();
    await problem('DELETE', `/streams/${streams[0]!.id}`, 404, 'NOT_FOUND');

    await call('GET', '/outputs', 200);
    const made = await call<{ id: string; token: string; urls: { m3u: string } }>('POST', '/outputs', 201, {
      body: { name: 'Kids', groups: ['Demo Tests'] },
    });
    const playlist = await (await fetch(made.urls.m3u)).text();
    expect(playlist.match(/#EXTINF/g)).to.have.length(1);
    const changed = await call<{ token: string }>('PATCH', '/outputs/{id}', 200, {
      params: { id: made.id },
      body: { newToken: true },
    });
    expect(changed.token).to.not.equal(made.token);
    expect((await fetch(made.urls.m3u)).status).to.equal(404);
    await call('DELETE', '/outputs/{id}', 204, { params: { id: made.id } });
    await problem('DELETE', '/outputs/default', 409, 'CONFLICT');
  });

  /** The channel that plays gets a second stream, is switched to it by hand, and has its own again. */
  async function playFromTwo(session: string): Promise<void> {
    const { items } = await call<{ items: { id: string; streams: { id: string }[] }[] }>('GET', '/channels', 200);
    const [playing] = await call<{ id: string; channelId: string }[]>('GET', '/streams', 200);
    const params = { id: playing!.channelId };
    const own = await call<{ streams: { id: string }[] }>('GET', '/channels/{id}/streams', 200, { params });
    const other = items.find(({ id }) => id !== params.id)!.streams[0]!.id;
    const streams = [own.streams[0]!.id, other];
    await call('PUT', '/channels/{id}/streams', 200, { params, body: { streams } });
    expect(await call('POST', '/streams/{id}/next', 200, { params: { id: session }, body: {} })).to.deep.include({
      id: session,
      streamId: other,
    });
    await call('PUT', '/channels/{id}/streams', 200, { params, body: { streams: [] } });
    await call('POST', '/streams/{id}/next', 200, { params: { id: session }, body: {} });
    await problem('POST', `/streams/${session}/next`, 409, 'CONFLICT');
  }

  it('describes the events, which are served as a stream', async () => {
    const gone = new AbortController();
    const response = await fetch(`${app.url}/api/v1/events`, {
      headers: { authorization: 'Bearer test-admin-token-0123456789' },
      signal: gone.signal,
    });
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    const { jobId } = (await (await app.api('POST', '/sources/demo/refresh')).json()) as { jobId: string };
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"succeeded"')) text += (await reader.read()).value ?? '';
    expect(text).to.include('event: job');
    expect(text).to.include(jobId);
    gone.abort();
    expect(document.paths['/events']?.['get']?.responses['200']?.content).to.have.property('text/event-stream');
    called.add('get /events');
  });

  it('describes every route, and every route it describes was called here', async () => {
    await call('GET', '/openapi.json', 200);
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect([...called].sort()).to.deep.equal(described.sort());
    expect(document.openapi).to.equal('3.1.0');
  });

  for (const [method, path, status, code, body] of [
    ['GET', '/nothing', 404, 'NOT_FOUND', undefined],
    ['PUT', '/sources', 405, 'METHOD_NOT_ALLOWED', undefined],
    ['GET', '/sources/none', 404, 'NOT_FOUND', undefined],
    ['POST', '/sources/none/test', 404, 'NOT_FOUND', undefined],
    ['POST', '/sources/none/refresh', 404, 'NOT_FOUND', undefined],
    ['GET', '/channels?limit=0', 400, 'BAD_REQUEST', undefined],
    ['GET', '/channels?limit=1001', 400, 'BAD_REQUEST', undefined],
    ['GET', '/channels?limit=x', 400, 'BAD_REQUEST', undefined],
    ['GET', '/channels?cursor=nonsense', 400, 'BAD_REQUEST', undefined],
    ['PATCH', '/channels/none', 404, 'NOT_FOUND', {}],
    ['GET', '/guide', 400, 'BAD_REQUEST', undefined],
    ['GET', '/guide?channel=none', 404, 'NOT_FOUND', undefined],
    ['GET', '/guide?channel=none&from=5&to=4', 400, 'BAD_REQUEST', undefined],
    ['GET', '/guide?channel=none&from=never', 400, 'BAD_REQUEST', undefined],
    ['POST', '/sources', 400, 'BAD_REQUEST', { kind: 'xtream' }],
    ['POST', '/sources', 400, 'BAD_REQUEST', { kind: 'other', name: 'n' }],
    ['POST', '/sources', 400, 'BAD_REQUEST', { kind: 'demo', name: 'n', extra: 1 }],
    ['POST', '/outputs', 400, 'BAD_REQUEST', { name: '' }],
  ] as const) {
    it(`has problem documents: ${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} is ${status}`, async () => {
      await problem(method, path, status, code, body);
    });
  }

  it('has problem documents for bodies that are no JSON, too large, or of another type', async () => {
    const send = (body: string, type: string) =>
      fetch(`${app.url}/api/v1/sources`, {
        method: 'POST',
        body,
        headers: { authorization: 'Bearer test-admin-token-0123456789', 'content-type': type },
      });
    expect((await send('{"kind":', 'application/json')).status).to.equal(400);
    expect(
      (await send(JSON.stringify({ kind: 'demo', name: 'n'.repeat(2_000_000) }), 'application/json')).status,
    ).to.equal(413);
    expect((await send('kind=demo', 'application/x-www-form-urlencoded')).status).to.equal(400);
  });

  it('needs the admin token on every route', async () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of Object.keys(item)) {
        for (const headers of [
          {},
          { authorization: 'Bearer wrong' },
          { authorization: `Bearer ${app.output.split('/').pop()}` },
        ]) {
          const response = await fetch(`${app.url}/api/v1${path}`, { method: method.toUpperCase(), headers });
          expect(response.status, `${method} ${path}`).to.equal(401);
        }
      }
    }
  });

  async function firstChannel(): Promise<{ id: string }> {
    const page = (await (await app.api('GET', '/channels?limit=1')).json()) as { items: { id: string }[] };
    return page.items[0]!;
  }
});
