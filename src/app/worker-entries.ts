/** Where the entries of worker threads lie: their sources in a checkout, their bundles beside the engine's. */
const bundled = import.meta.url.endsWith('.mjs');

export const ingestWorkerEntry = new URL(bundled ? './ingest-worker.mjs' : '../ingest/worker.ts', import.meta.url);
export const publishWorkerEntry = new URL(
  bundled ? './publish-worker.mjs' : '../lineup/publish-worker.ts',
  import.meta.url,
);
