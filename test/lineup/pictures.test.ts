import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { fetchImage } from '../../src/lineup/image-fetch.ts';
import { pictureName } from '../../src/lineup/picture-name.ts';
import { Pictures } from '../../src/lineup/pictures.ts';
import { silentLog } from '../../src/log/log.ts';

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

describe('Pictures', () => {
  let root: string;
  let folder: string;
  let server: http.Server;
  let port: number;
  let asked: string[];
  let most: number;
  let open: Pictures[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'coax-pictures-'));
    folder = join(root, 'pictures');
    asked = [];
    most = 0;
    open = [];
    let now = 0;
    server = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      now += 1;
      most = Math.max(most, now);
      response.once('close', () => (now -= 1));
      setTimeout(() => {
        if (request.url === '/svg.png') response.end('<svg xmlns="http://www.w3.org/2000/svg"/>');
        else if (request.url === '/away.png')
          response.writeHead(302, { location: `http://panel.test:${port}/1.png` }).end();
        else if (request.url?.startsWith('/broken')) response.writeHead(500).end();
        else if (request.url?.endsWith('.png') === true) response.end(png);
        else response.writeHead(404).end();
      }, 10);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await Promise.all(open.map((pictures) => pictures.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  });

  /** Every name is this machine's, so that hosts can be told apart without a name server. */
  const make = (config: Config = configSchema.parse({}), isReal = false): Pictures => {
    const pictures = new Pictures({
      folder,
      config: () => config,
      log: silentLog,
      ...(isReal
        ? {}
        : {
            fetch: (address, rules) =>
              fetchImage(address, {
                ...rules,
                lookup: (_name, options, callback) =>
                  options.all === true
                    ? callback(null, [{ address: '127.0.0.1', family: 4 }])
                    : callback(null, '127.0.0.1', 4),
              }),
          }),
    });
    open.push(pictures);
    return pictures;
  };
  const address = (path: string, host = 'pictures.test'): string => `http://${host}:${port}/${path}`;
  const wish = async (addresses: readonly string[], hosts: readonly string[] = []): Promise<string> => {
    const guide = await mkdtemp(join(root, 'guide-'));
    await writeFile(join(guide, 'pictures.json'), JSON.stringify({ addresses, hosts }));
    return guide;
  };

  it('gathers what a guide wishes for once, two at a time, and holds it over a restart', async () => {
    const addresses = Array.from({ length: 8 }, (_, at) => address(`${at}.png`));
    const pictures = make();
    await pictures.gather('o1', await wish(addresses));
    expect(asked).to.have.length(8);
    expect(most).to.equal(2);
    const again = make();
    await again.gather('o1', await wish(addresses));
    expect(asked).to.have.length(8);
    expect(await again.get(pictureName(addresses[3]!))).to.deep.equal({ bytes: png, contentType: 'image/png' });
  });

  it('tells of what it gathered when it is done, not of every picture, and not again soon after', async () => {
    const pictures = make();
    await pictures.start();
    expect(pictures.revision).to.equal(0);
    await pictures.gather('o1', await wish([address('1.png'), address('2.png')]));
    const told = pictures.revision;
    expect(told).to.be.greaterThan(0);
    await pictures.gather('o1', await wish([address('1.png'), address('3.png')]));
    expect(pictures.revision).to.equal(told);
    const after = make();
    await after.start();
    expect(after.revision).to.equal(told);
  });

  it("never asks a provider's host, a host below it, or one that redirects there", async () => {
    const config = configSchema.parse({
      sources: [{ id: 'a', kind: 'xtream', name: 'n', url: 'http://panel.test:8080', epgUrl: 'http://epg.test/x.xml' }],
    });
    const pictures = make(config);
    const refused = [
      address('1.png', 'panel.test'),
      address('2.png', 'img.panel.test'),
      address('3.png', 'epg.test'),
      address('4.png', 'streams.test'),
      address('away.png'),
    ];
    await pictures.gather('o1', await wish(refused, ['streams.test']));
    expect(asked).to.deep.equal(['/away.png']);
    expect(pictures.revision).to.equal(0);
  });

  it('never asks the own network', async () => {
    const pictures = make(configSchema.parse({}), true);
    await pictures.gather(
      'o1',
      await wish([address('1.png', '127.0.0.1'), address('1.png', 'localhost'), 'file:///etc/passwd']),
    );
    expect(asked).to.deep.equal([]);
  });

  it('holds nothing that is no picture', async () => {
    const pictures = make();
    await pictures.gather('o1', await wish([address('svg.png'), address('nothing')]));
    expect((await readdir(folder)).filter((name) => name !== 'told')).to.deep.equal([]);
  });

  it('leaves a host alone that fails again and again', async () => {
    const pictures = make();
    await pictures.gather('o1', await wish(Array.from({ length: 30 }, (_, at) => address(`broken${at}`))));
    expect(asked.length).to.be.within(4, 6);
    await pictures.gather('o1', await wish([address('broken77'), address('1.png', 'other.test')]));
    expect(asked.at(-1)).to.equal('/1.png');
  });

  it('drops what no guide has wished for in days, and keeps the rest', async () => {
    const addresses = [address('1.png'), address('2.png'), address('3.png')];
    await make().gather('o1', await wish(addresses));
    const old = new Date(Date.now() - 4 * 86_400_000);
    for (const one of addresses.slice(0, 2)) await utimes(join(folder, pictureName(one)), old, old);
    const later = make();
    await later.gather('o1', await wish([addresses[0]!]));
    const names = (await readdir(folder)).filter((name) => name !== 'told').sort();
    expect(names).to.deep.equal([pictureName(addresses[0]!), pictureName(addresses[2]!)].sort());
  });

  it('gathers nothing when pictures are off, and serves only names of its own', async () => {
    const config = configSchema.parse({ settings: { guide: { pictures: 'off' } } });
    const pictures = make(config);
    await pictures.gather('o1', await wish([address('1.png')]));
    expect(asked).to.deep.equal([]);
    for (const name of ['told', '../config.json', '..%2Fconfig.json', 'a'.repeat(40)])
      expect(await pictures.get(name)).to.equal(null);
  });
});
