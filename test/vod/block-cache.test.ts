import { expect } from 'chai';
import fc from 'fast-check';
import { BlockCache } from '../../src/vod/block-cache.ts';
import { makeFile } from './strict-provider.ts';

const kib = 1_024;
const file = makeFile(1_000 * kib + 17);
const options = { maxBytes: 8_192 * kib, headBytes: 200 * kib, tailBytes: 100 * kib };

describe('BlockCache', () => {
  it('keeps the head and the tail of what passes and nothing between', () => {
    const cache = new BlockCache(options);
    for (let at = 0; at < file.length; at += 30_000) cache.store(1, file.length, at, file.subarray(at, at + 30_000));
    const head = Buffer.concat(cache.read(1, 0, file.length));
    expect(head.equals(file.subarray(0, head.length))).to.equal(true);
    expect(head.length).to.be.within(200 * kib, 264 * kib);
    expect(cache.read(1, 500 * kib, file.length)).to.deep.equal([]);
    const tail = Buffer.concat(cache.read(1, file.length - 100 * kib, file.length));
    expect(tail.equals(file.subarray(-100 * kib))).to.equal(true);
  });

  it('knows nothing of another version, and forgets a dropped one', () => {
    const cache = new BlockCache(options);
    cache.store(1, file.length, 0, file);
    expect(cache.read(2, 0, 10)).to.deep.equal([]);
    cache.drop(1, file.length);
    expect(cache.bytes).to.equal(0);
    expect(cache.read(1, 0, 10)).to.deep.equal([]);
  });

  it('stays within its bytes over many files', () => {
    const cache = new BlockCache({ ...options, maxBytes: 512 * kib });
    for (let version = 1; version < 50; version += 1) cache.store(version, file.length, 0, file);
    expect(cache.bytes).to.be.at.most(512 * kib);
    expect(Buffer.concat(cache.read(49, file.length - 10, file.length)).equals(file.subarray(-10))).to.equal(true);
  });

  it('keeps nothing when it may hold nothing', () => {
    const cache = new BlockCache({ ...options, maxBytes: 0 });
    cache.store(1, file.length, 0, file);
    expect(cache.read(1, 0, 10)).to.deep.equal([]);
  });

  it('gives out only bytes of the file, whatever pieces were stored in whatever order', () => {
    const piece = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 90_000 }));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.nat(file.length - 1), { maxLength: 20 }),
        (stores, reads) => {
          const cache = new BlockCache(options);
          for (const [at, length] of stores) cache.store(1, file.length, at, file.subarray(at, at + length));
          for (const at of reads) {
            const found = Buffer.concat(cache.read(1, at, file.length));
            expect(found.equals(file.subarray(at, at + found.length))).to.equal(true);
          }
        },
      ),
    );
  });
});
