import { expect } from 'chai';
import type { HttpUpstreamRequest } from '../../src/model/upstream-request.ts';
import { BaseUrlHealth } from '../../src/sources/base-url-health.ts';
import { Breakers } from '../../src/sources/breakers.ts';
import { openMedia } from '../../src/sources/media-client.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { stageMedia } from './media-stage.ts';

/** Nobody listens there. */
const dead = 'http://127.0.0.1:9';

describe('the media client and hosts that are down', () => {
  const stage = stageMedia();
  let breakers: Breakers;
  beforeEach(() => {
    breakers = new Breakers({ rules: () => ({ failures: 2, share: 0, openMs: 60_000, trials: 1 }) });
  });

  const ask = async (urls: readonly string[], more: Partial<HttpUpstreamRequest> = {}, signal?: AbortSignal) => {
    const health = new BaseUrlHealth().behind(breakers.gate('live'));
    const code = await stage.codeOf(
      openMedia(
        { kind: 'http', urls, headers: { 'user-agent': 'VLC' }, ...more },
        { owner: stage.lease(), signal: signal ?? new AbortController().signal, connectTimeoutMs: 2_000, health },
      ),
    );
    await stage.lease().closeSocket(false);
    return code;
  };
  const states = (): Record<string, string> =>
    Object.fromEntries(breakers.list().map(({ id, state, failures }) => [id, `${state} ${failures}`]));

  it('goes on with the next address, and touches a host that is left alone no more', async () => {
    const provider = await stage.serve((_request, response) => response.end('media'));
    for (let time = 0; time < 2; time++) await ask([dead], { hasOthers: true });
    expect(await ask([dead], { hasOthers: true })).to.equal('UPSTREAM_BREAKER_OPEN');
    expect(await ask([dead, provider.url()], { hasOthers: true })).to.equal(undefined);
    expect(states()).to.deep.equal({
      'live:127.0.0.1:9': 'open 2',
      [`live:${new URL(provider.url()).host}`]: 'closed 0',
    });
  });

  it('lets a stream without any other source try a host that is down', async () => {
    for (let time = 0; time < 4; time++) expect(await ask([dead])).to.equal('UPSTREAM_UNREACHABLE');
    expect(states()).to.deep.equal({ 'live:127.0.0.1:9': 'open 4' });
  });

  it('counts what a broken host answers, and not what one says of the stream, the login or its capacity', async () => {
    let status = 0;
    const provider = await stage.serve((_request, response) => response.writeHead(status).end());
    const id = `live:${new URL(provider.url()).host}`;
    for (status of [200, 404, 401, 403, 429, 503, 509, 458, 884]) await ask([provider.url()]);
    expect(states()).to.deep.equal({ [id]: 'closed 0' });
    for (status of [500, 502]) await ask([provider.url()]);
    expect(states()).to.deep.equal({ [id]: 'open 2' });
  });

  it('holds a redirect to a dead host against that host alone', async () => {
    const provider = await stage.serve((_request, response) =>
      response.writeHead(302, { location: `${dead}/x` }).end(),
    );
    for (let time = 0; time < 2; time++) await ask([provider.url()]);
    expect(states()).to.deep.equal({
      'live:127.0.0.1:9': 'open 2',
      [`live:${new URL(provider.url()).host}`]: 'closed 0',
    });
  });

  it('holds nothing against a host that its proxy or its viewer is to blame for', async () => {
    const provider = await stage.serve(() => {});
    await using proxy = await FakeProxy.start('socks', { username: 'a', password: 'b' });
    const { host } = new URL(provider.url());
    for (let time = 0; time < 3; time++)
      await ask([provider.url()], { proxy: { url: `socks5://wrong:login@127.0.0.1:${proxy.port}` } });
    for (let time = 0; time < 3; time++) {
      const controller = new AbortController();
      const asked = ask([provider.url()], {}, controller.signal);
      while (provider.requests.length <= time) await new Promise(setImmediate);
      controller.abort();
      expect(await asked).to.equal('CANCELLED');
    }
    expect(states()).to.deep.equal({
      [`live:${host}`]: 'closed 0',
      [`live:${host}~127.0.0.1:${proxy.port}`]: 'closed 0',
    });
    expect(breakers.list().every(({ trying }) => trying === 0)).to.equal(true);
  });
});
