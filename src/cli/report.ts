import { resolve } from 'node:path';
import { CoaxError } from '../errors.ts';
import { renderM3uReport, reportM3u as readM3u } from '../text/m3u-report.ts';
import { renderXmltvReport, reportXmltv as readXmltv } from '../text/xmltv-report.ts';
import type { ParsedArguments } from './arguments.ts';

/** Prints what a reader made of a file. Rejects are part of the report; a file of another kind is exit code 1. */
async function report<Report extends { readonly form: string }>(
  args: ParsedArguments,
  read: (path: string) => Promise<Report>,
  render: (report: Report) => string,
  wanted: string,
): Promise<number> {
  const [file] = args.positionals;
  if (file === undefined || file === '') throw new CoaxError('USAGE', 'Name a file.');
  const found = await read(resolve(file));
  process.stdout.write(args.flag('json') ? `${JSON.stringify(found, null, 2)}\n` : `${render(found).trimEnd()}\n`);
  return found.form === wanted ? 0 : 1;
}

/** `coax m3u FILE`. */
export const reportM3u = (args: ParsedArguments): Promise<number> =>
  report(args, (path) => readM3u(path), renderM3uReport, 'playlist');

/** `coax xmltv FILE`. */
export const reportXmltv = (args: ParsedArguments): Promise<number> =>
  report(args, (path) => readXmltv(path), renderXmltvReport, 'guide');
