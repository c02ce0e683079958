import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { zipSync } from 'fflate';
import { CoaxError } from '../../src/errors.ts';
import { type PackedFormat, unpack, type UnpackOptions } from '../../src/text/decompress.ts';
import { pieces } from './pieces.ts';

interface Unpacked {
  readonly text: string;
  readonly code: string | undefined;
  readonly formats: PackedFormat[];
}

async function run(file: Uint8Array, size = 1000, options: UnpackOptions = {}): Promise<Unpacked> {
  const parts: Buffer[] = [];
  const formats: PackedFormat[] = [];
  let code: string | undefined;
  try {
    for await (const part of unpack(pieces(file, size), { onFormat: (format) => formats.push(format), ...options })) {
      parts.push(part);
    }
  } catch (error) {
    if (!(error instanceof CoaxError)) throw error;
    code = error.code;
  }
  return { text: Buffer.concat(parts).toString('utf8'), code, formats };
}

const listOf = (channels: number): string =>
  Array.from(
    { length: channels },
    (_, i) => `#EXTINF:-1 tvg-id="${i * 7919}",Chaîne ${i ** 3}\nhttp://tv.test/${i}.ts\n`,
  ).join('');
const text = listOf(3000);
const plain = Buffer.from(text);
const gzip = gzipSync(plain);
const short = listOf(10);
const hasXz = ((): boolean => {
  try {
    execFileSync('xz', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const xz = hasXz ? execFileSync('xz', ['-c'], { input: plain }) : Buffer.alloc(0);

describe('unpack', () => {
  const table: [string, (list: Buffer) => Uint8Array, PackedFormat[]][] = [
    ['plain text', (list) => list, ['plain']],
    ['gzip', (list) => gzipSync(list), ['gzip', 'plain']],
    [
      'gzip of several members',
      (list) => Buffer.concat([gzipSync(list.subarray(0, 300)), gzipSync(list.subarray(300))]),
      ['gzip', 'plain'],
    ],
    ['gzip with zeros behind it', (list) => Buffer.concat([gzipSync(list), Buffer.alloc(512)]), ['gzip', 'plain']],
    ['zip', (list) => zipSync({ 'list.m3u': list }), ['zip', 'plain']],
    ['zip without compression', (list) => zipSync({ 'list.m3u': list }, { level: 0 }), ['zip', 'plain']],
    [
      'zip with other files first',
      (list) => {
        const other = Buffer.from('other');
        return zipSync({
          'a/': new Uint8Array(0),
          '__MACOSX/list.m3u': other,
          'README.txt': other,
          'a/logo.png': other,
          'a/list.m3u': list,
        });
      },
      ['zip', 'plain'],
    ],
    ['gzip in zip', (list) => zipSync({ 'list.m3u.gz': gzipSync(list) }, { level: 0 }), ['zip', 'gzip', 'plain']],
    ['gzip in gzip', (list) => gzipSync(gzipSync(list)), ['gzip', 'gzip', 'plain']],
  ];
  for (const [title, make, formats] of table) {
    for (const [size, list] of [
      [1, short],
      [7, short],
      [1000, text],
      [1_000_000, text],
    ] as const) {
      it(`reads ${title} in chunks of ${size}`, async () => {
        const got = await run(make(Buffer.from(list)), size);
        expect(got.code).to.equal(undefined);
        expect(got.text === list).to.equal(true);
        expect(got.formats).to.deep.equal(formats);
      });
    }
  }

  for (const size of [1000, 1_000_000]) {
    it(`reads xz in chunks of ${size} (needs the program xz)`, async function () {
      if (!hasXz) this.skip();
      const got = await run(xz, size);
      expect(got.code).to.equal(undefined);
      expect(got.text === text).to.equal(true);
    });
  }

  it('gives nothing for nothing', async () => {
    expect(await run(Buffer.alloc(0))).to.deep.equal({ text: '', code: undefined, formats: ['plain'] });
  });

  it('gives what stands before the cut of a gzip, then says that it was cut', async () => {
    const got = await run(gzip.subarray(0, gzip.length >> 1));
    expect(got.code).to.equal('SOURCE_TRUNCATED');
    expect(got.text.length).to.be.greaterThan(text.length / 4);
    expect(text.startsWith(got.text.slice(0, -1))).to.equal(true);
  });

  it('notices that a gzip lacks its last byte', async () => {
    const got = await run(gzip.subarray(0, -1), 100);
    expect([got.code, got.text === text]).to.deep.equal(['SOURCE_TRUNCATED', true]);
  });

  it('gives what stands before the cut of a zip, then says that it was cut', async () => {
    const zip = zipSync({ 'list.m3u': plain });
    const got = await run(zip.subarray(0, zip.length >> 1));
    expect(got.code).to.equal('SOURCE_TRUNCATED');
    expect(got.text.length).to.be.greaterThan(text.length / 4);
    expect(text.startsWith(got.text.slice(0, -1))).to.equal(true);
  });

  it('notices that an xz was cut (needs the program xz)', async function () {
    if (!hasXz) this.skip();
    const got = await run(xz.subarray(0, xz.length - 20));
    expect(got.code).to.equal('SOURCE_TRUNCATED');
  });

  it('says that a damaged gzip is no gzip', async () => {
    const damaged = Buffer.from(gzip);
    damaged.fill(0xff, 5000, 5100);
    expect((await run(damaged)).code).to.be.oneOf(['SOURCE_BAD_CONTENT', 'SOURCE_TRUNCATED']);
  });

  for (const [name, magic] of [
    ['bzip2', 'BZh91AY'],
    ['7z', "7z\xbc\xaf'\x1c"],
    ['RAR', 'Rar!\x1a\x07'],
    ['Zstandard', '\x28\xb5\x2f\xfd\x00\x00'],
  ] as const) {
    it(`says that it does not read ${name}`, async () => {
      expect((await run(Buffer.from(magic, 'latin1'))).code).to.equal('SOURCE_BAD_CONTENT');
    });
  }

  it('says that a zip holds no list', async () => {
    expect((await run(zipSync({ 'logo.png': plain }))).code).to.equal('SOURCE_BAD_CONTENT');
  });

  it('stops at the cap on unpacked bytes', async () => {
    expect((await run(gzip, 1000, { maxBytes: 100_000 })).code).to.equal('SOURCE_TOO_LARGE');
    expect((await run(plain, 1000, { maxBytes: 100_000 })).code).to.equal('SOURCE_TOO_LARGE');
  });

  it('stops at a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect((await run(bomb, 16_384)).code).to.equal('SOURCE_TOO_LARGE');
  });

  it('ends when the signal fires', async () => {
    expect((await run(gzip, 1000, { signal: AbortSignal.abort() })).code).to.equal('CANCELLED');
  });

  it('ends its source when the reader stops', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (let at = 0; at < gzip.length; at += 1000) yield gzip.subarray(at, at + 1000);
      } finally {
        ended = true;
      }
    }
    for await (const part of unpack(source())) {
      expect(part.length).to.be.greaterThan(0);
      break;
    }
    expect(ended).to.equal(true);
  });
});
