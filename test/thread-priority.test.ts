import { expect } from 'chai';
import { lowerThreadPriority } from '../src/thread-priority.ts';

function priorities(now: number): { readonly set: number[]; readonly get: () => number } {
  return { set: [], get: () => now };
}

describe('the priority of a worker thread', () => {
  for (const { now, wanted, set } of [
    { now: 0, wanted: 10, set: [10] },
    { now: -5, wanted: 10, set: [10] },
    { now: 10, wanted: 10, set: [] },
    { now: 19, wanted: 10, set: [] },
  ])
    it(`${set.length > 0 ? 'becomes' : 'stays as it is instead of'} ${wanted} when it is ${now}`, () => {
      const { get, set: done } = priorities(now);
      lowerThreadPriority(wanted, 'linux', { get, set: (priority) => done.push(priority) });
      expect(done).to.deep.equal(set);
    });

  it('is left alone where it belongs to the whole process', () => {
    const { get, set: done } = priorities(0);
    lowerThreadPriority(10, 'win32', { get, set: (priority) => done.push(priority) });
    expect(done).to.deep.equal([]);
  });

  it('is no failure when the system refuses', () => {
    const refuse = (): never => {
      throw new Error('EACCES');
    };
    expect(() => lowerThreadPriority(10, 'linux', { get: () => 0, set: refuse })).not.to.throw();
    expect(() => lowerThreadPriority(10, 'linux', { get: refuse, set: refuse })).not.to.throw();
  });
});
