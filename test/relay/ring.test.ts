import { expect } from 'chai';
import fc from 'fast-check';
import { resumePoint, startPoint } from '../../src/relay/join.ts';
import { type EntryPoint, Ring } from '../../src/relay/ring.ts';

function entry(position: number, atMs = 0, weak = false): EntryPoint {
  return { position, atMs, tables: Buffer.alloc(0), weak };
}

describe('Ring', () => {
  it('gives buffers by number, without copying them', () => {
    const ring = new Ring({ maxBytes: 1_000, maxMs: 1_000 });
    const data = Buffer.alloc(100);
    ring.push(data, 0);
    expect(ring.data(0)).to.equal(data);
    expect(ring.data(1)).to.equal(undefined);
    expect([ring.firstSeq, ring.nextSeq]).to.deep.equal([0, 1]);
  });

  it('lets the oldest go when there are too many bytes', () => {
    const ring = new Ring({ maxBytes: 250, maxMs: 1_000 });
    for (let n = 0; n < 4; n++) ring.push(Buffer.alloc(100, n), 0);
    expect(ring.firstSeq).to.equal(2);
    expect(ring.data(1)).to.equal(undefined);
    expect(ring.bytes).to.equal(200);
  });

  it('lets go what is too old, but not the newest entry point', () => {
    const ring = new Ring({ maxBytes: 10_000, maxMs: 100 });
    ring.push(Buffer.alloc(100), 0);
    ring.mark(entry(100, 50));
    ring.push(Buffer.alloc(100), 50);
    ring.push(Buffer.alloc(100), 500);
    expect(ring.firstSeq).to.equal(1);
    expect(ring.entries.map(({ position }) => position)).to.deep.equal([100]);
    ring.mark(entry(300, 600));
    ring.push(Buffer.alloc(100), 600);
    expect(ring.firstSeq).to.equal(2);
    expect(ring.entries.map(({ position }) => position)).to.deep.equal([300]);
  });

  it('finds the buffer of every position it holds, and of no other', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 600, size: 'max' });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const ring = new Ring({ maxBytes: 700, maxMs: 1_000 });
        for (const length of lengths) ring.push(Buffer.alloc(length), 0);
        const start = ring.end - ring.bytes;
        expect(ring.locate(start - 1)).to.equal(undefined);
        expect(ring.locate(ring.end)).to.equal(undefined);
        let position = start;
        for (let seq = ring.firstSeq; seq < ring.nextSeq; seq++) {
          const { length } = ring.data(seq) ?? Buffer.alloc(0);
          expect(ring.locate(position)).to.deep.equal({ seq, offset: 0 });
          expect(ring.locate(position + length - 1)).to.deep.equal({ seq, offset: length - 1 });
          position += length;
        }
        expect(position).to.equal(ring.end);
      }),
      { numRuns: 50 },
    );
  });

  it('numbers on after it was cleared', () => {
    const ring = new Ring({ maxBytes: 1_000, maxMs: 1_000 });
    ring.push(Buffer.alloc(10), 0);
    ring.clear();
    ring.push(Buffer.alloc(10), 0);
    expect([ring.firstSeq, ring.nextSeq, ring.bytes]).to.deep.equal([1, 2, 10]);
  });
});

describe('The start of a consumer', () => {
  /** A buffer of 100 bytes a second, for ten seconds; entry points as given. */
  function ringWith(entries: readonly EntryPoint[]): Ring {
    const ring = new Ring({ maxBytes: 10_000, maxMs: 60_000 });
    for (const each of entries) ring.mark(each);
    for (let second = 0; second < 10; second++) ring.push(Buffer.alloc(100), second * 1_000);
    return ring;
  }

  const seconds = (...at: number[]): EntryPoint[] => at.map((second) => entry(second * 100, second * 1_000));

  for (const [what, entries, backlogMs, seq] of [
    ['the newest key frame that is far enough behind', seconds(0, 2, 4, 6, 8), 5_000, 4],
    ['the oldest key frame when none is far enough behind', seconds(7, 8), 5_000, 7],
    ['the newest key frame when no backlog is wanted', seconds(0, 2, 4, 6, 8), 0, 8],
    ['a key frame rather than a nearer weak point', [...seconds(1), entry(500, 5_000, true)], 3_000, 1],
    ['a weak point when there is no key frame', [entry(500, 5_000, true)], 3_000, 5],
  ] as const) {
    it(`is ${what}`, () => {
      expect(startPoint(ringWith(entries), 9_500, backlogMs)?.seq).to.equal(seq);
    });
  }

  it('is nowhere while the bytes of the only key frame are not there', () => {
    expect(startPoint(ringWith([entry(1_000, 9_000)]), 9_500, 0)).to.equal(null);
  });

  it('is at an offset where a key frame lies inside a buffer', () => {
    expect(startPoint(ringWith([entry(250)]), 9_500, 0)).to.include({ seq: 2, offset: 50 });
  });

  it('is the newest key frame after a skip', () => {
    expect(resumePoint(ringWith(seconds(0, 2, 8)))?.seq).to.equal(8);
  });
});
