/** Fields bound to a line. Values are redacted at the sink, whatever they hold. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What every part needs of a log: a constant message and its fields.
 * error: someone must act; warn: it healed itself; info: once per session; debug: the rest.
 */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log whose lines carry `fields` too. */
  child(fields: LogFields): Log;
}

/** A log that says nothing; for tests and tools. */
export const silentLog: Log = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLog,
};
