import type { Leases } from '../accounts/lease.ts';
import type { Log } from '../log/log.ts';
import type { SessionId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import type { BlockCache } from './block-cache.ts';
import type { FileOpener, PlayableFile } from './contract.ts';
import type { FileFacts } from './file-facts.ts';
import type { KnownFiles } from './known-files.ts';
import type { Reader } from './reader.ts';
import type { RangeOpener } from './upstream-range.ts';

export interface SessionSettings {
  readonly pauseMs: number;
  readonly sessionIdleMs: number;
  readonly connectMs: number;
  readonly stallMs: number;
  /** How long each of several responses that keep reading is served before the next; 2 s when absent. */
  readonly turnMs?: number;
  /** The first wait after a failure, doubled with each; 100 ms when absent. */
  readonly backOffMs?: number;
}

/** What a session is and what it needs of the others. */
export interface SessionOptions {
  readonly id: SessionId;
  readonly viewer: Viewer;
  readonly file: PlayableFile;
  readonly leases: Leases;
  readonly open: RangeOpener;
  /** Opens this file, instead of `open`. */
  readonly opener?: FileOpener;
  readonly files: KnownFiles;
  readonly cache: BlockCache;
  readonly settings: SessionSettings;
  readonly log: Log;
  /** A size or type was read from the provider. */
  readonly learned: (facts: FileFacts) => void;
  /** Makes `reader` a session of its own if a lease can be had at once; calls `release` then. */
  readonly split: (reader: Reader) => boolean;
  /** Nobody has asked for the idle time, or it was stopped: it holds nothing any more. */
  readonly ended: () => void;
}
