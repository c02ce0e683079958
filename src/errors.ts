/** What a code means to a caller: its HTTP status, a title that never changes, and what a person can do about it. */
interface ErrorSpec {
  readonly status: number;
  readonly title: string;
  readonly action: string;
}

/** Every error of Coax. docs/errors.md is made from this table; `test/docs.test.ts` compares them. */
export const errorTable = {
  // requests
  BAD_REQUEST: { status: 400, title: 'The request is not valid', action: 'Correct the fields named in the details.' },
  UNAUTHORIZED: {
    status: 401,
    title: 'A token is needed',
    action: 'Send the admin token as "Authorization: Bearer ...".',
  },
  NOT_FOUND: { status: 404, title: 'There is no such thing', action: 'Check the id or the URL.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This method is not supported here',
    action: 'See the API description for the methods of this path.',
  },
  CONFLICT: {
    status: 409,
    title: 'This does not fit the present state',
    action: 'Read the current state and try again.',
  },
  BODY_TOO_LARGE: { status: 413, title: 'The request body is too large', action: 'Send less, or in several requests.' },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The request headers are too large',
    action: 'Send fewer or shorter headers.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'This range is outside the file',
    action: 'Ask for a range within the size given.',
  },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests', action: 'Wait as long as Retry-After says.' },
  INTERNAL: {
    status: 500,
    title: 'Something went wrong inside Coax',
    action: 'Look for this request in the log and report it.',
  },
  SHUTTING_DOWN: { status: 503, title: 'Coax is stopping', action: 'Try again once it has started.' },
  CANCELLED: { status: 499, title: 'The request was given up', action: 'Nothing to do.' },
  // configuration and command line
  CONFIG_INVALID: {
    status: 400,
    title: 'The configuration is not valid',
    action: 'Correct the settings named in the details.',
  },
  CONFIG_UNREADABLE: {
    status: 500,
    title: 'The configuration can not be read',
    action: 'Check that the file exists and that Coax may read it.',
  },
  FILE_UNWRITABLE: {
    status: 500,
    title: 'The file can not be written',
    action: 'Name a file in a folder that exists and that you may write to.',
  },
  DATA_FOLDER_UNUSABLE: {
    status: 500,
    title: 'The data folder can not be used',
    action: 'Give a folder that exists or can be made, and that Coax may write to.',
  },
  DATA_FOLDER_IN_USE: {
    status: 500,
    title: 'Another Coax is using this data folder',
    action: 'Stop the other one, or give another folder with --data.',
  },
  ADDRESS_IN_USE: {
    status: 500,
    title: 'The port is taken',
    action: 'Stop what uses it, or choose another with --port.',
  },
  USAGE: { status: 400, title: 'The command line is not valid', action: 'See coax --help.' },
  CATALOG_DAMAGED: {
    status: 500,
    title: 'The catalogue can not be read',
    action: 'Restore a backup, or remove catalog.db and refresh the sources.',
  },
  CATALOG_TOO_NEW: {
    status: 500,
    title: 'The catalogue was written by a newer Coax',
    action: 'Use that version, or move catalog.db away and refresh the sources.',
  },
  // providers' APIs
  SOURCE_LOGIN_REFUSED: {
    status: 502,
    title: 'The provider refuses this login',
    action: 'Check user name and password; ask the provider whether the account is active.',
  },
  SOURCE_EXPIRED: {
    status: 502,
    title: 'The account at the provider has expired',
    action: 'Renew it with the provider.',
  },
  SOURCE_BLOCKED: {
    status: 502,
    title: 'The provider blocks this client',
    action: 'Set the user agent of a player the provider accepts.',
  },
  SOURCE_NOT_FOUND: {
    status: 502,
    title: 'There is nothing at this address',
    action: 'Check the address of the source.',
  },
  SOURCE_UNREACHABLE: {
    status: 502,
    title: 'The provider can not be reached',
    action: 'Check the address and the network; try again later.',
  },
  SOURCE_PROXY: {
    status: 502,
    title: 'The proxy of this source can not be used',
    action: 'Check the address and the login of the proxy in the source.',
  },
  SOURCE_BREAKER_OPEN: {
    status: 503,
    title: 'This host of the provider failed too often and is left alone for a while',
    action: 'Wait as long as Retry-After says, or close its circuit breaker.',
  },
  SOURCE_BUSY: {
    status: 502,
    title: 'The provider is overloaded or limits requests',
    action: 'Wait; Coax tries again by itself.',
  },
  SOURCE_NOT_A_LIST: {
    status: 502,
    title: 'The provider did not answer with a list',
    action: 'Check the address. The last good catalogue stays in use.',
  },
  SOURCE_EMPTY: {
    status: 502,
    title: 'The provider answered with an empty list',
    action: 'The last good catalogue stays in use; try again later.',
  },
  SOURCE_SHRUNK: {
    status: 502,
    title: 'The new list is far shorter than the last one',
    action: 'The last good catalogue stays in use; refresh again to confirm the new one.',
  },
  SOURCE_TRUNCATED: {
    status: 502,
    title: 'The list was cut short',
    action: 'The last good catalogue stays in use; Coax tries again by itself.',
  },
  SOURCE_TOO_LARGE: {
    status: 502,
    title: 'The list is larger than allowed',
    action: 'Raise the limit in the settings if the list is right.',
  },
  SOURCE_BAD_CONTENT: {
    status: 502,
    title: 'This is not the kind of file it should be',
    action: 'Check the address: it has to lead to a playlist or a guide.',
  },
  // media servers
  HOST_UNREACHABLE: {
    status: 502,
    title: 'The media server can not be reached',
    action: 'Check its address and that it runs; try again later.',
  },
  HOST_REFUSED: {
    status: 502,
    title: 'The media server refuses the API key',
    action: "Make an API key in the server's dashboard, and give it here.",
  },
  HOST_UNSUPPORTED: {
    status: 502,
    title: 'The media server is too old',
    action: 'Update it.',
  },
  HOST_ERROR: {
    status: 502,
    title: 'The media server answered with an error',
    action: "Look into the media server's log.",
  },
  // streams
  NO_CAPACITY: {
    status: 503,
    title: 'All connections of the account are in use',
    action: 'Stop another stream, or wait for one to end.',
  },
  LIMIT_REACHED: {
    status: 429,
    title: 'This user, device or output already watches as many streams as it may',
    action: 'Stop another stream, or raise the limit in the settings.',
  },
  NO_STREAM: {
    status: 502,
    title: 'This channel has nothing that can be played',
    action: 'Refresh its source or choose another channel.',
  },
  NO_ARCHIVE: {
    status: 404,
    title: 'There is no archive of this time',
    action: 'Choose a channel with an archive, and a time that it still reaches back to.',
  },
  NOT_YET_ON: {
    status: 404,
    title: 'This programme has not begun yet',
    action: 'Come back when it has begun.',
  },
  UPSTREAM_CAPACITY: {
    status: 503,
    title: 'The provider says that all connections are in use',
    action: 'Stop the other player that uses this login, or wait.',
  },
  UPSTREAM_REFUSED: {
    status: 502,
    title: 'The provider refuses this stream',
    action: 'Check the account; the provider may block this stream or this client.',
  },
  UPSTREAM_NOT_FOUND: {
    status: 502,
    title: 'The provider does not have this stream any more',
    action: 'Refresh the source.',
  },
  UPSTREAM_ERROR: { status: 502, title: 'The provider answered with an error', action: 'Try again later.' },
  UPSTREAM_UNREACHABLE: {
    status: 504,
    title: 'The provider does not answer',
    action: 'Check the network; try again later.',
  },
  UPSTREAM_PROXY: {
    status: 502,
    title: 'The proxy of this stream can not be used',
    action: 'Check the address and the login of the proxy in the source, the playlist or the channel.',
  },
  UPSTREAM_BREAKER_OPEN: {
    status: 503,
    title: 'This host of the provider failed too often and is left alone for a while',
    action: 'Wait as long as Retry-After says, or close its circuit breaker.',
  },
  UPSTREAM_STALLED: {
    status: 504,
    title: 'The provider stopped sending',
    action: 'Try again; if it stays so, the stream is down.',
  },
  UPSTREAM_BAD_CONTENT: {
    status: 502,
    title: 'The provider sent something that is no media',
    action: 'The message quotes what came; it is often an error page of the provider.',
  },
  UPSTREAM_ENDED: { status: 502, title: 'The provider ended the stream', action: 'Try again.' },
  UPSTREAM_LOOPING: {
    status: 502,
    title: 'The provider sends the same seconds again and again',
    action: 'It is often its own picture for a full or dead channel; give the channel another stream.',
  },
  UPSTREAM_NO_FFMPEG: {
    status: 502,
    title: 'This needs ffmpeg, and there is none',
    action: 'Install ffmpeg, or name it in the settings (ffmpegPath).',
  },
  UPSTREAM_TRANSCODE: {
    status: 502,
    title: 'The stream can not be transcoded',
    action: "Try the profile out with the admin API; its answer quotes ffmpeg's words.",
  },
  PROBE_FAILED: {
    status: 502,
    title: 'The stream could not be examined',
    action: 'Install ffmpeg or name its ffprobe in the settings; playing works without it.',
  },
  STREAM_STARTING: {
    status: 503,
    title: 'The channel is being opened',
    action: 'Ask again in a moment.',
  },
  SESSION_ENDED: { status: 410, title: 'This play session is over', action: 'Open the channel again.' },
  STREAM_STOPPED: { status: 410, title: 'The stream was stopped', action: 'Start it again.' },
  SLOW_CONSUMER: {
    status: 408,
    title: 'The player did not read',
    action: 'Start it again; check its network if it happens often.',
  },
  TAKEN_OVER: {
    status: 410,
    title: "The connection was given to the same viewer's next channel, or to a recording",
    action: 'Nothing to do; after a recording, start it again.',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorTable;

/** A connection may come free at any moment: players are told to come back soon where nothing better is known. */
const usualRetryMs: Partial<Record<ErrorCode, number>> = {
  NO_CAPACITY: 5_000,
  UPSTREAM_CAPACITY: 5_000,
  STREAM_STARTING: 1_000,
};

export interface CoaxErrorOptions {
  readonly cause?: unknown;
  /** Facts for the caller: field messages, limits. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** How long the caller should wait, in milliseconds; NO_CAPACITY and UPSTREAM_CAPACITY always say one. */
  readonly retryAfterMs?: number;
}

/** The one base error. `message` states fact and value; it never holds credentials. */
export class CoaxError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message?: string, options: CoaxErrorOptions = {}) {
    super(message ?? errorTable[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CoaxError';
    // Until the stack is read, V8 keeps what every frame was called on: an error that is kept would keep a session with its memory.
    void this.stack;
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs ?? usualRetryMs[code];
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  /** What a person can do about it. */
  get action(): string {
    return errorTable[this.code].action;
  }
}

/** An RFC 9457 problem document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly action: string;
  readonly [extra: string]: unknown;
}

/** Turns anything thrown into an error of Coax. What is not ours becomes `INTERNAL`, with the original as its cause. */
export function toCoaxError(error: unknown): CoaxError {
  if (error instanceof CoaxError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new CoaxError('CANCELLED', undefined, { cause: error });
  return new CoaxError('INTERNAL', undefined, { cause: error });
}

/** The problem document of an error; an unexpected error tells nothing of its inside. */
export function toProblem(error: unknown): Problem {
  const known = toCoaxError(error);
  const spec = errorTable[known.code];
  return {
    ...known.details,
    type: `https://coax.invalid/errors/${known.code}`,
    title: spec.title,
    status: spec.status,
    code: known.code,
    detail: known.message,
    action: spec.action,
  };
}
