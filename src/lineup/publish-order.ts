import type { OutputConfig } from '../config/schema.ts';

interface Order {
  readonly id: number;
  readonly folder: string;
  readonly catalogPath: string;
  readonly output: OutputConfig;
  readonly sourceIds: readonly string[];
  readonly fromUnix: number;
  readonly toUnix: number;
  /** Never written, wherever they come from. */
  readonly secrets: readonly string[];
}

/** Playlists and guide for players; `base` is the address of the output. */
export interface FilesOrder extends Order {
  readonly kind: 'files';
  readonly base: string;
}

/** The guide for a media server. */
export interface ProgrammesOrder extends Order {
  readonly kind: 'programmes';
  /** Holds a number (Int32) that is not 0 while files for players are made: they go first. Null when nobody does. */
  readonly playersFirst: SharedArrayBuffer | null;
  /** The generation before, for the ids of its programmes. */
  readonly previous: string | null;
  /** Null when programmes have no pictures. */
  readonly pictures: {
    readonly folder: string;
    /** What comes before the name of a picture, on the engine. */
    readonly path: string;
    /** Pictures of programmes that are on between these times are wished for. */
    readonly sinceUnix: number;
    readonly untilUnix: number;
    /** Hosts that are never asked for a picture. */
    readonly providerHosts: readonly string[];
  } | null;
}

/** What the worker is told to make. */
export type PublishOrder = FilesOrder | ProgrammesOrder;

export type PublishReply =
  | { readonly id: number; readonly ok: true }
  | { readonly id: number; readonly ok: false; readonly message: string };
