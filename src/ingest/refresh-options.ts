import type { JobProgress, RefreshParts } from '../catalog/contract.ts';
import type { Database } from '../catalog/database.ts';
import type { Settings } from '../config/schema.ts';
import { CoaxError } from '../errors.ts';
import type { SourceId } from '../model/ids.ts';
import type { SourceReader } from '../sources/contract.ts';

/** What one refresh of one source is given. */
export interface RefreshRunOptions {
  readonly database: Database;
  readonly stagingPath: string;
  readonly sourceId: SourceId;
  readonly reader: SourceReader;
  /** All when absent. */
  readonly parts?: RefreshParts;
  readonly settings: Settings['ingest'];
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
  /** Unix milliseconds. */
  readonly now: number;
}

/** A read that ended because of the signal is no failure of the source, whatever it threw. */
export function throwIfCancelled(error: unknown, signal: AbortSignal): void {
  if (signal.aborted) throw new CoaxError('CANCELLED', undefined, { cause: error });
}
