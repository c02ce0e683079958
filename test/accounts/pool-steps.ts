import fc from 'fast-check';

/** The accounts. */
export const names = ['a', 'b', 'c'] as const;
/** `b` and `c` are one login. */
export const loginOf = { a: 'one', b: 'two', c: 'two' } as const;
/** What a request may be served from. */
export const candidateSets = [['a'], ['b'], ['c'], ['a', 'b'], ['c', 'a'], ['a', 'b', 'c']] as const;

const pick = fc.nat(30);
/** What may happen to a pool. */
export const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      set: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4, 5),
      viewer: fc.nat(6),
      purpose: fc.constantFrom(1, 1, 1, 1, 0, 2, 5),
      deadlineMs: fc.constantFrom(10, 1_000, 12_000),
      retry: fc.boolean(),
      zaps: fc.boolean(),
      /** How many others join the first one while it waits. */
      joining: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('try' as const), set: fc.nat(5), viewer: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('attach' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'end',
        'end-and-abort',
        'close-socket',
        'provider-closes',
        'late-attach',
        'lose-session' as const,
      ),
      pick,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('socket-closes' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      pick,
      outcome: fc.constantFrom('accepted', 'refused', 'doubtful' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('idle', 'stubborn' as const), pick, on: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      ms: fc.constantFrom(1, 49, 50, 500, 2_000, 5_000, 12_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limit' as const),
      name: fc.constantFrom(...names),
      limit: fc.constantFrom(null, 0, 1, 2, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('remove', 'restore' as const), name: fc.constantFrom(...names) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('external' as const), name: fc.constantFrom(...names), count: fc.nat(4) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('audit' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
