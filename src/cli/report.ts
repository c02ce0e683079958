import { resolve } from 'node:path';
import { CoaxError } from '../errors.ts';
import { renderM3uReport, reportM3u as readM3u } from '../text/m3u-report.ts';
import { renderXmltvReport, reportXmltv as readXmltv } from '../text/xmltv-report.ts';
import type { ParsedArguments } from './arguments.ts';

/** Prints what a reader made of a file. A file of the wrong kind is an error; rejects are part of the report. */
async function report<Report>(
  args: ParsedArguments,
  read: (path: string) => Promise<Report>,
  render: (report: Report) => string,
): Promise<number> {
  const [file] = args.positionals;
  if (file === undefined || file === '') throw new CoaxError('USAGE', 'Name a file.');
  const found = await read(resolve(file));
  process.stdout.write(args.flag('json') ? `${JSON.stringify(found, null, 2)}\n` : `${render(found).trimEnd()}\n`);
  return 0;
}

/** `coax m3u FILE`. */
export const reportM3u = (args: ParsedArguments): Promise<number> =>
  report(args, (path) => readM3u(path), renderM3uReport);

/** `coax xmltv FILE`. */
export const reportXmltv = (args: ParsedArguments): Promise<number> =>
  report(args, (path) => readXmltv(path), renderXmltvReport);
