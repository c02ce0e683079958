import type { Log, LogFields } from '../../src/log/log.ts';

/** A log that keeps every line as text. */
export class RecordingLog implements Log {
  readonly lines: string[];
  readonly #bound: LogFields;

  constructor(lines: string[] = [], bound: LogFields = {}) {
    this.lines = lines;
    this.#bound = bound;
  }

  #write(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push(`${level} ${message} ${JSON.stringify({ ...this.#bound, ...fields })}`);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }
  child(fields: LogFields): Log {
    return new RecordingLog(this.lines, { ...this.#bound, ...fields });
  }
}
