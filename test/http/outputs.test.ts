import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { Parser } from 'xml2js';
import { isDeviceId } from '../../src/lineup/hdhomerun.ts';
import { type TestApp, startTestApp } from '../support/in-process-app.ts';

describe('the outputs', () => {
  let app: TestApp;
  let channels: { id: string; name: string }[];
  let movie: string;

  before(async function () {
    app = await startTestApp();
    await app.settled();
    channels = ((await (await app.api('GET', '/channels')).json()) as { items: typeof channels }).items;
    movie = /\/movie\/\S+/.exec(await (await fetch(`${app.output}/movies.m3u`)).text())![0];
  });
  after(() => app[Symbol.asyncDispose]());

  const sessions = async (): Promise<unknown[]> => (await (await app.api('GET', '/streams')).json()) as unknown[];

  it('answer 404 on every path when the token is wrong, whatever is asked', async () => {
    for (const path of [
      'playlist.m3u',
      'movies.m3u',
      'guide.xml',
      'guide.xml.gz',
      'hdhr/discover.json',
      'hdhr/lineup.json',
      'hdhr/lineup_status.json',
      'hdhr/device.xml',
      `live/${channels[0]!.id}.ts`,
      movie.slice(1),
      'episode/x.mkv',
      `logo/${channels[0]!.id}`,
    ]) {
      for (const token of ['wrong', 'default', '', 'x'.repeat(500), '..%2f..', '%00']) {
        for (const method of ['GET', 'HEAD']) {
          const response = await fetch(`${app.url}/o/${token}/${path}`, { method });
          expect(response.status, `${method} /o/${token}/${path}`).to.equal(404);
          await response.body?.cancel();
        }
      }
    }
    expect(await sessions()).to.deep.equal([]);
  });

  it('give a playlist whose guide ids are those of the guide', async () => {
    const playlist = await (await fetch(`${app.output}/playlist.m3u`)).text();
    const guide = await (await fetch(`${app.output}/guide.xml`)).text();
    const ids = [...playlist.matchAll(/tvg-id="([^"]+)"/g)].map((match) => match[1]);
    expect(ids).to.deep.equal(channels.map(({ id }) => id));
    expect([...guide.matchAll(/<channel id="([^"]+)"/g)].map((match) => match[1])).to.deep.equal(ids);
    expect(playlist).to.include(`x-tvg-url="${app.output}/guide.xml"`);
    expect(guide.match(/<programme /g)!.length).to.be.greaterThan(100);
  });

  it('use the address that the client used', async () => {
    const { port } = new URL(app.url);
    const playlist = await (await fetch(app.output.replace('127.0.0.1', 'localhost') + '/playlist.m3u')).text();
    expect(playlist).to.include(`http://localhost:${port}/o/`);
  });

  it('send ffplay and ffmpeg, which read no lists of channels, to the first one', async () => {
    const ask = (agent: string) =>
      fetch(`${app.output}/playlist.m3u`, { redirect: 'manual', headers: { 'user-agent': agent } });
    const [first] = /^http\S+$/m.exec(await (await ask('VLC/3.0.20 LibVLC/3.0.20')).text()) ?? [];
    const sent = await ask('Lavf/59.27.100');
    expect([sent.status, sent.headers.get('location')]).to.deep.equal([307, first]);
    const named = await fetch(`${app.output}/playlist.m3u?format=ts`, { headers: { 'user-agent': 'Lavf/59.27.100' } });
    expect(await named.text()).to.match(/^#EXTM3U/);
  });

  it('answer 304 while nothing has changed, packed and plain, and 200 with another ETag once it has', async function () {
    for (const path of ['playlist.m3u', 'guide.xml', 'guide.xml.gz']) {
      const first = await fetch(`${app.output}/${path}`);
      await first.arrayBuffer();
      const etag = first.headers.get('etag')!;
      expect(etag).to.match(/^"[\w-]+"$/);
      const again = await fetch(`${app.output}/${path}`, { headers: { 'if-none-match': etag } });
      expect(again.status, path).to.equal(304);
    }
    const before = await fetch(`${app.output}/playlist.m3u`);
    await before.text();
    await app.api('PATCH', `/channels/${channels[0]!.id}`, { name: 'Renamed' });
    const changed = await fetch(`${app.output}/playlist.m3u`, {
      headers: { 'if-none-match': before.headers.get('etag')! },
    });
    expect(changed.status).to.equal(200);
    expect(await changed.text()).to.include(',Renamed');
    await app.api('PATCH', `/channels/${channels[0]!.id}`, { name: null });
    const back = await fetch(`${app.output}/playlist.m3u`);
    expect(await back.text()).to.not.include('Renamed');
    expect(back.headers.get('etag'), 'the same bytes have the same ETag').to.equal(before.headers.get('etag'));
  });

  it('stay the same over a refresh that brings nothing new', async function () {
    const tags = async (): Promise<(string | null)[]> =>
      Promise.all(
        ['playlist.m3u', 'guide.xml', 'hdhr/lineup.json'].map(async (path) => {
          const response = await fetch(`${app.output}/${path}`);
          await response.arrayBuffer();
          return response.headers.get('etag');
        }),
      );
    const before = await tags();
    await app.api('POST', '/sources/demo/refresh');
    await app.settled();
    expect(await tags()).to.deep.equal(before);
  });

  it('give the guide packed, as a file and as an encoding', async () => {
    const plain = await (await fetch(`${app.output}/guide.xml`, { headers: { 'accept-encoding': 'identity' } })).text();
    const file = await fetch(`${app.output}/guide.xml.gz`, { headers: { 'accept-encoding': 'identity' } });
    expect(file.headers.get('content-encoding')).to.equal(null);
    expect(gunzipSync(Buffer.from(await file.arrayBuffer())).toString()).to.equal(plain);
    const encoded = await fetch(`${app.output}/guide.xml`, { headers: { 'accept-encoding': 'gzip' } });
    expect(encoded.headers.get('content-encoding')).to.equal('gzip');
    expect(await encoded.text()).to.equal(plain);
  });

  it('look like an HDHomeRun device', async () => {
    const found = (await (await fetch(`${app.output}/hdhr/discover.json`)).json()) as Record<string, unknown>;
    expect(isDeviceId(String(found['DeviceID']))).to.equal(true);
    expect(found['TunerCount']).to.be.a('number').that.is.greaterThan(0);
    const lineup = (await (await fetch(String(found['LineupURL']))).json()) as {
      GuideNumber: string;
      GuideName: string;
      URL: string;
    }[];
    expect(lineup.map(({ GuideName }) => GuideName)).to.deep.equal(channels.map(({ name }) => name));
    expect(lineup[0]!.URL).to.equal(`${app.output}/live/${channels[0]!.id}.ts`);
    expect(await (await fetch(`${app.output}/hdhr/lineup_status.json`)).json()).to.include({ ScanInProgress: 0 });
    expect((await fetch(`${app.output}/hdhr/lineup.post?scan=start`, { method: 'POST' })).status).to.equal(200);
    const device = (await new Parser().parseStringPromise(
      await (await fetch(`${app.output}/hdhr/device.xml`)).text(),
    )) as { root: { device: { serialNumber: string[] }[] } };
    expect(device.root.device[0]!.serialNumber[0]).to.equal(found['DeviceID']);
  });

  it('answer HEAD on media at once, without opening anything', async () => {
    const live = await fetch(`${app.output}/live/${channels[0]!.id}.ts`, { method: 'HEAD' });
    expect(live.status).to.equal(200);
    expect(live.headers.get('content-type')).to.equal('video/mp2t');
    const file = await fetch(`${app.output}${movie}`, { method: 'HEAD' });
    expect(file.status).to.equal(200);
    expect(file.headers.get('accept-ranges')).to.equal('bytes');
    expect(await sessions()).to.deep.equal([]);
    expect((await fetch(`${app.output}/live/none.ts`, { method: 'HEAD' })).status).to.equal(404);
  });

  it('start a live channel with PAT, PMT and whole packets', async () => {
    const gone = new AbortController();
    const response = await fetch(`${app.output}/live/${channels[0]!.id}.ts`, { signal: gone.signal });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.equal('video/mp2t');
    expect(response.headers.get('transfer-encoding')).to.equal(null);
    const bytes = Buffer.from((await response.body!.getReader().read()).value ?? []);
    expect(bytes[0]).to.equal(0x47);
    expect(bytes.readUInt16BE(1) & 0x1fff).to.equal(0);
    expect(bytes[188]).to.equal(0x47);
    gone.abort();
  });

  it('give ranges of a movie that fit together', async () => {
    const range = async (value: string): Promise<Response> =>
      fetch(`${app.output}${movie}`, { headers: { range: value } });
    const whole = await range('bytes=0-999');
    expect(whole.status).to.equal(206);
    const size = Number(/\/(\d+)$/.exec(whole.headers.get('content-range')!)![1]);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const part = Buffer.from(await (await range('bytes=100-299')).arrayBuffer());
    expect(part.equals(bytes.subarray(100, 300))).to.equal(true);
    const tail = await range('bytes=-188');
    expect(tail.headers.get('content-range')).to.equal(`bytes ${size - 188}-${size - 1}/${size}`);
    expect(Buffer.from(await tail.arrayBuffer())[0]).to.equal(0x47);
    const outside = await range(`bytes=${size}-`);
    expect(outside.status).to.equal(416);
    expect(outside.headers.get('content-range')).to.equal(`bytes */${size}`);
    await outside.arrayBuffer();
  });

  it('give every channel a logo, kept from running scripts', async () => {
    for (const { id } of channels) {
      const response = await fetch(`${app.output}/logo/${id}`);
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.match(/^image\//);
      expect(response.headers.get('content-security-policy')).to.include('sandbox');
      expect((await response.arrayBuffer()).byteLength).to.be.greaterThan(100);
    }
    expect((await fetch(`${app.output}/logo/none`)).status).to.equal(404);
  });
});

describe('an output with groups', () => {
  it('shows only their channels, titles and logos', async () => {
    await using app = await startTestApp();
    await app.settled();
    const made = (await (await app.api('POST', '/outputs', { name: 'Tests', groups: ['Demo Tests'] })).json()) as {
      urls: { m3u: string; movies: string };
    };
    const base = made.urls.m3u.replace('/playlist.m3u', '');
    const playlist = await (await fetch(made.urls.m3u)).text();
    expect(playlist.match(/#EXTINF/g)).to.have.length(1);
    expect(await (await fetch(made.urls.movies)).text()).to.equal('#EXTM3U\n');
    const all = await (await fetch(`${app.output}/playlist.m3u`)).text();
    const hidden = [...all.matchAll(/\/live\/(\w+)\.ts/g)]
      .map((match) => match[1]!)
      .find((id) => !playlist.includes(id))!;
    const movie = /\/movie\/(\w+)/.exec(await (await fetch(`${app.output}/movies.m3u`)).text())![1]!;
    for (const path of [`live/${hidden}.ts`, `logo/${hidden}`, `movie/${movie}.ts`, `logo/${movie}`]) {
      expect((await fetch(`${base}/${path}`, { method: 'HEAD' })).status, path).to.equal(404);
      expect((await fetch(`${app.output}/${path}`, { method: 'HEAD' })).status, path).to.equal(200);
    }
  });

  it('ends its streams when it is revoked', async () => {
    await using app = await startTestApp();
    await app.settled();
    const made = (await (await app.api('POST', '/outputs', { name: 'Guests' })).json()) as {
      id: string;
      urls: { m3u: string };
    };
    const address = /^http\S+\.ts$/m.exec(await (await fetch(made.urls.m3u)).text())![0];
    const player = http.get(address);
    player.on('error', () => {});
    const [stream] = (await once(player, 'response')) as [http.IncomingMessage];
    stream.on('error', () => {}).resume();
    await once(stream, 'data');
    const other = http.get(address.replace(/\/o\/[^/]+/, `/o/${app.output.split('/').pop()}`));
    const [kept] = (await once(other, 'response')) as [http.IncomingMessage];
    kept.resume();
    const ended = once(stream, 'close');
    await app.api('DELETE', `/outputs/${made.id}`);
    await ended;
    await once(kept, 'data');
    other.destroy();
  });
});

describe('requests that are no HTTP', () => {
  const say = (port: string, bytes: string): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (data) => (text += data.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });

  it('are answered with a problem document', async () => {
    await using app = await startTestApp();
    const { port } = new URL(app.url);
    expect(await say(port, 'nonsense\r\n\r\n')).to.match(/^HTTP\/1\.1 400 [\s\S]*"code":"BAD_REQUEST"/);
    expect(await say(port, `GET / HTTP/1.1\r\nHost: h\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).to.match(
      /^HTTP\/1\.1 431 [\s\S]*"code":"HEADERS_TOO_LARGE"/,
    );
  });

  it('never put an error text into media that is under way', async () => {
    await using app = await startTestApp();
    await app.settled();
    const address = new URL(/^http\S+\.ts$/m.exec(await (await fetch(`${app.output}/playlist.m3u`)).text())![0]);
    const sneaky = await new Promise<string>((resolve) => {
      let text = '';
      const socket = net.connect(Number(address.port), '127.0.0.1', () =>
        socket.write(`GET ${address.pathname} HTTP/1.1\r\nHost: h\r\n\r\n`),
      );
      socket.on('data', (data) => {
        if (text === '') setTimeout(() => socket.write('\0\0nonsense\r\n\r\n'), 50);
        text += data.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
      setTimeout(() => socket.destroy(), 600);
    });
    expect(sneaky.slice(4)).to.not.include('HTTP/1.1 400');
  });
});

describe('what is open to everybody', () => {
  it('is whether the engine lives and is ready, and nothing else', async () => {
    await using app = await startTestApp();
    expect(await (await fetch(`${app.url}/health/live`)).json()).to.deep.equal({ live: true });
    expect(await (await fetch(`${app.url}/health/ready`)).json()).to.deep.equal({ ready: true, reasons: [] });
    expect((await fetch(`${app.url}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.1' } })).status).to.equal(401);
    expect((await fetch(`${app.url}/nothing`)).status).to.equal(404);
    expect((await fetch(`${app.url}/api/v1/openapi.json`)).status).to.equal(401);
  });

  it('includes metrics on this machine, with leases and consumers read from the live objects', async () => {
    await using app = await startTestApp();
    await app.settled();
    const [channel] = ((await (await app.api('GET', '/channels?limit=1')).json()) as { items: { id: string }[] }).items;
    const player = http.get(`${app.output}/live/${channel!.id}.ts`);
    const [stream] = (await once(player, 'response')) as [http.IncomingMessage];
    await once(stream, 'readable');
    const text = await (await fetch(`${app.url}/metrics`)).text();
    expect(text).to.match(/^coax_consumers\{kind="live"\} 1$/m);
    expect(text).to.match(/^coax_lease_grants_total\{(?=.*purpose="live").*\} 1$/m);
    expect(text).to.match(/^coax_auditor_mismatches 0$/m);
    player.destroy();
  });
});
