import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { configSchema } from '../../src/config/schema.ts';
import { imageTypeOf } from '../../src/lineup/image-type.ts';
import { Logos } from '../../src/lineup/logos.ts';
import { placeholderLogo } from '../../src/lineup/placeholder-logo.ts';
import { silentLog } from '../../src/log/log.ts';
import { FakeProxy } from '../support/fake-proxy.ts';

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

describe('Logos', () => {
  let folder: string;
  let server: http.Server;
  let origin: string;
  let asked: string[];
  let open: Logos[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-logos-'));
    asked = [];
    open = [];
    server = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/logo.png') response.end(png);
      else if (request.url === '/page') response.end('<html><script>alert(1)</script></html>');
      else if (request.url === '/away')
        response
          .writeHead(302, { location: `http://127.0.0.2:${(server.address() as AddressInfo).port}/logo.png` })
          .end();
      else if (request.url === '/huge') response.end(Buffer.concat([png, Buffer.alloc(6_000_000)]));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const logos of open) logos.close();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const make = (trusted: boolean): Logos => {
    const config = configSchema.parse({
      sources: trusted ? [{ id: 'a', kind: 'm3u', name: 'n', url: `${origin}/list.m3u` }] : [],
    });
    const logos = new Logos({
      folder,
      config: () => config,
      log: silentLog,
      builtIn: (address) => (address === 'demo:x' ? `data:image/png;base64,${png.toString('base64')}` : null),
    });
    open.push(logos);
    return logos;
  };

  it('asks a provider once for all looks, and never again once it has it', async () => {
    const logos = make(true);
    const looks = await Promise.all([1, 2, 3].map(() => logos.get(`${origin}/logo.png`, 'n')));
    expect(looks.map(({ contentType, final }) => ({ contentType, final }))).to.deep.equal(
      Array.from({ length: 3 }, () => ({ contentType: 'image/png', final: true })),
    );
    await make(true).get(`${origin}/logo.png`, 'n');
    expect(asked).to.deep.equal(['/logo.png']);
    expect(await readdir(folder)).to.have.length(1);
  });

  it('fetches what lies on the hosts of a source through its proxy, and nothing else', async () => {
    await using proxy = await FakeProxy.start('socks', { username: 'me', password: 'secret' });
    const { port } = new URL(origin);
    // The name is known to the proxy alone.
    const source = { id: 'a', kind: 'm3u', name: 'n', url: `http://lists.test:${port}/list.m3u`, proxy: proxy.url() };
    const near = { id: 'b', kind: 'm3u', name: 'n', url: `${origin}/list.m3u` };
    const config = configSchema.parse({ sources: [source, near] });
    const logos = new Logos({ folder, config: () => config, log: silentLog });
    open.push(logos);
    expect((await logos.get(`http://lists.test:${port}/logo.png`, 'n')).final).to.equal(true);
    expect(proxy.targets).to.deep.equal([`lists.test:${port}`]);
    expect((await logos.get(`${origin}/logo.png`, 'n')).final).to.equal(true);
    expect(proxy.targets).to.have.length(1);
  });

  for (const path of ['/missing', '/page', '/huge']) {
    it(`gives a placeholder for ${path}, and does not ask again soon`, async () => {
      const logos = make(true);
      for (let look = 0; look < 3; look += 1) {
        const logo = await logos.get(origin + path, 'News One');
        expect(logo).to.include({ contentType: 'image/svg+xml', final: false });
      }
      expect(asked).to.have.length(1);
      expect(await readdir(folder)).to.deep.equal([]);
    });
  }

  it('does not reach into the own network, directly or by a redirect', async () => {
    expect((await make(false).get(`${origin}/logo.png`, 'n')).final).to.equal(false);
    expect(asked).to.deep.equal([]);
    expect((await make(true).get(`${origin}/away`, 'n')).final).to.equal(false);
    expect(asked).to.deep.equal(['/away']);
  });

  it('reaches no other port of a host that is trusted', async () => {
    const other = http.createServer((_request, response) => response.end(png));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const logo = await make(true).get(`http://127.0.0.1:${(other.address() as AddressInfo).port}/logo.png`, 'n');
    await new Promise((resolve) => other.close(resolve));
    expect(logo.final).to.equal(false);
  });

  it('reads no files and follows no odd schemes', async () => {
    for (const address of ['file:///etc/passwd', 'ftp://h/x', 'javascript:alert(1)', 'nonsense', '']) {
      expect((await make(true).get(address, 'n')).contentType, address).to.equal('image/svg+xml');
    }
  });

  it('takes pictures that are their own address, and those made here', async () => {
    const logos = make(false);
    expect((await logos.get(`data:image/png;base64,${png.toString('base64')}`, 'n')).bytes.equals(png)).to.equal(true);
    expect((await logos.get('demo:x', 'n')).bytes.equals(png)).to.equal(true);
    expect((await logos.get('data:text/html,<b>x</b>', 'n')).final).to.equal(false);
  });
});

describe('the placeholder of a logo', () => {
  it('is the same for the same name, and differs for others', () => {
    expect(placeholderLogo('News One')).to.equal(placeholderLogo('News One'));
    expect(placeholderLogo('News One')).to.not.equal(placeholderLogo('Sport Two'));
    expect(placeholderLogo('News One')).to.include('>NO<');
  });

  it('is a picture for every name', () => {
    for (const name of ['', '<script>', '&"\'', '日本テレビ', '🎬', 'a'.repeat(1000)]) {
      const svg = placeholderLogo(name);
      expect(imageTypeOf(Buffer.from(svg)), name).to.equal('image/svg+xml');
      expect(svg).to.not.include('<script');
    }
  });
});

describe('imageTypeOf', () => {
  for (const [bytes, type] of [
    [png, 'image/png'],
    [Buffer.from('ffd8ffe0', 'hex'), 'image/jpeg'],
    [Buffer.from('GIF89a'), 'image/gif'],
    [Buffer.from('RIFF0000WEBPVP8 '), 'image/webp'],
    [Buffer.from('\uFEFF<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="">'), 'image/svg+xml'],
    [Buffer.from('<html><svg></svg></html>'), null],
    [Buffer.from(''), null],
    [Buffer.from('GI'), null],
  ] as const) {
    it(`says ${type} for ${JSON.stringify(bytes.subarray(0, 12).toString('latin1'))}`, () => {
      expect(imageTypeOf(bytes)).to.equal(type);
    });
  }
});
