import { type Logger, createLogger, format, transports } from 'winston';
import type { Log, LogFields } from './log.ts';
import { RepeatGuard } from './repeat-guard.ts';
import type { Redactor } from './redactor.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'text' | 'json';

/** One line as the sinks and the live view get it: redacted. */
export interface LogEntry {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Also written here as JSON lines, 5 files of 10 MB at most. */
  readonly file?: string;
  readonly redactor: Redactor;
  /** Sees every line that is written. */
  readonly onEntry?: (entry: LogEntry) => void;
}

/** The root log and its life: `close` writes out what is pending. */
export interface RootLog extends Log {
  setLevel(level: LogLevel): void;
  close(): Promise<void>;
}

const asText = (entry: LogEntry): string => {
  const { time, level, message, part, ...fields } = entry;
  const shown = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  return [
    time,
    level.toUpperCase().padEnd(5),
    `${typeof part === 'string' ? `[${part}] ` : ''}${message}`,
    ...shown,
  ].join(' ');
};

/** Standard output stays free for what a person or the plugin reads there: logs go to standard error. */
export function createRootLog(options: LogOptions): RootLog {
  const line = format((info) => info)();
  const json = format.printf((info) => JSON.stringify(info['entry']));
  const text = format.printf((info) => asText(info['entry'] as LogEntry));
  const logger: Logger = createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: line,
    transports: [
      new transports.Stream({ stream: process.stderr, format: options.format === 'json' ? json : text }),
      ...(options.file === undefined
        ? []
        : [
            new transports.File({
              filename: options.file,
              format: json,
              maxsize: 10_000_000,
              maxFiles: 5,
              tailable: true,
              options: { flags: 'a', mode: 0o600 },
            }),
          ]),
    ],
  });
  const guard = new RepeatGuard();

  const write = (level: LogLevel, bound: LogFields, message: string, fields: LogFields): void => {
    if (!logger.isLevelEnabled(level)) return;
    const repeats = guard.admit(`${level} ${JSON.stringify(bound['part'])} ${message}`);
    if (repeats === null) return;
    const redacted = options.redactor.value({ ...bound, ...fields, ...(repeats > 0 ? { repeats } : {}) }) as Record<
      string,
      unknown
    >;
    const entry: LogEntry = {
      ...redacted,
      time: new Date().toISOString(),
      level,
      message: options.redactor.text(message),
    };
    logger.log({ level, message: entry.message, entry });
    options.onEntry?.(entry);
  };
  const bind = (bound: LogFields): Log => ({
    error: (message, fields = {}) => write('error', bound, message, fields),
    warn: (message, fields = {}) => write('warn', bound, message, fields),
    info: (message, fields = {}) => write('info', bound, message, fields),
    debug: (message, fields = {}) => write('debug', bound, message, fields),
    child: (more) => bind({ ...bound, ...more }),
  });
  return {
    ...bind({}),
    setLevel: (level) => {
      logger.level = level;
    },
    close: () =>
      new Promise((resolve) => {
        logger.once('finish', resolve);
        logger.end();
      }),
  };
}
