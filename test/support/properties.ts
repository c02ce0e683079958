import fc from 'fast-check';

/**
 * Property tests run the same cases each time, so that a run that failed fails again; `COAX_SEED=random` or a number tries others. A
 * failure is not shrunk in CI: shrinking runs synchronously and may take longer than everything else.
 */
const seed = process.env['COAX_SEED'];
fc.configureGlobal({
  ...(seed === 'random' ? {} : { seed: Number(seed ?? 20_261_121) }),
  endOnFailure: process.env['CI'] !== undefined,
});
