import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { BaseUrlHealth } from '../../src/sources/base-url-health.ts';

describe('the health of base URLs', () => {
  const [a, b, c] = ['http://a:80/x', 'http://b:8080/x', 'http://c/x'] as const;
  let clock: SinonFakeTimers;
  let health: BaseUrlHealth;
  beforeEach(() => {
    clock = useFakeTimers();
    health = new BaseUrlHealth();
  });
  afterEach(() => clock.restore());

  it('keeps the order in which addresses were given', () => {
    expect(health.order([b, a, c])).to.deep.equal([b, a, c]);
  });

  it('puts what failed last, whatever its path, and the earliest failure first of those', () => {
    health.failed('http://a/live/other/path');
    clock.tick(1);
    health.failed(b);
    expect(health.order([b, a, c])).to.deep.equal([c, a, b]);
  });

  it('forgives after half a minute, twice as long with each failure, ten minutes at most', () => {
    const penalty = () => {
      health.failed(a);
      const from = performance.now();
      while (health.order([a, b])[0] === b) clock.tick(1_000);
      return performance.now() - from;
    };
    expect([1, 2, 3, 4, 5, 6, 7].map(penalty)).to.deep.equal([30, 60, 120, 240, 480, 600, 600].map((s) => s * 1_000));
  });

  it('forgives at once what works again', () => {
    health.failed(a);
    health.worked(a);
    expect(health.order([a, b])).to.deep.equal([a, b]);
  });
});
