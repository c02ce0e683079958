import type { PackedFormat } from './decompress.ts';
import type { M3uEntry } from './m3u-entry.ts';
import { type M3uSummary, readM3u } from './m3u-reader.ts';
import {
  DuplicateCounter,
  openFile,
  RejectCounter,
  type RejectReport,
  renderFacts,
  renderRejects,
  type ReportOptions,
} from './report-file.ts';

/** What the reader makes of a playlist. */
export interface M3uReport {
  readonly form: M3uSummary['form'];
  /** How the file is packed, outermost first. */
  readonly packed: readonly PackedFormat[];
  readonly truncated: boolean;
  readonly channels: number;
  readonly radio: number;
  readonly movies: number;
  readonly episodes: number;
  readonly groups: number;
  readonly withGuideId: number;
  readonly withLogo: number;
  readonly withNumber: number;
  readonly withCatchup: number;
  readonly withHeaders: number;
  /** Entries whose address came before. */
  readonly duplicates: number;
  /** Channels whose guide id came before: they share a guide. */
  readonly sharedGuideIds: number;
  /** How many guides the header names; their addresses may hold secrets. */
  readonly guideUrls: number;
  readonly rejects: RejectReport;
}

class Counts {
  channels = 0;
  radio = 0;
  movies = 0;
  episodes = 0;
  withGuideId = 0;
  withLogo = 0;
  withNumber = 0;
  withCatchup = 0;
  withHeaders = 0;
  readonly groups = new DuplicateCounter();
  readonly addresses = new DuplicateCounter();
  readonly guideIds = new DuplicateCounter();

  add(entry: M3uEntry): void {
    this.addresses.add(entry.url);
    for (const group of entry.groups) this.groups.add(group);
    if (entry.logo !== undefined) this.withLogo++;
    if (entry.headers !== undefined) this.withHeaders++;
    if (entry.kind === 'movie') this.movies++;
    else if (entry.kind === 'episode') this.episodes++;
    else this.#channel(entry);
  }

  #channel(entry: M3uEntry): void {
    this.channels++;
    if (entry.radio === true) this.radio++;
    if (entry.number !== undefined) this.withNumber++;
    if (entry.catchup !== undefined) this.withCatchup++;
    if (entry.guideId === undefined) return;
    this.withGuideId++;
    this.guideIds.add(entry.guideId);
  }
}

/** Reads a playlist from disk and counts what is in it. Throws SOURCE_* when the file can not be read or unpacked. */
export async function reportM3u(path: string, options: ReportOptions = {}): Promise<M3uReport> {
  const counts = new Counts();
  const rejects = new RejectCounter(options.maxRejects);
  const packed: PackedFormat[] = [];
  const summary = await readM3u(
    openFile(path, (format) => packed.push(format), options.signal),
    {
      entries: (entries) => {
        for (const entry of entries) counts.add(entry);
      },
      reject: (reject) => rejects.add(reject),
    },
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const { groups, addresses, guideIds, ...numbers } = counts;
  return {
    form: summary.form,
    packed,
    truncated: summary.truncated,
    ...numbers,
    groups: groups.distinct,
    duplicates: addresses.duplicates,
    sharedGuideIds: guideIds.duplicates,
    guideUrls: summary.guideUrls.length,
    rejects: rejects.report(),
  };
}

const forms: Readonly<Record<M3uReport['form'], string>> = {
  playlist: 'a playlist',
  'hls-media': 'a HLS playlist of segments: one stream, no list of channels',
  'hls-master': 'a HLS playlist of variants: one stream, no list of channels',
  html: 'a web page, no playlist',
  json: 'JSON, no playlist',
  binary: 'a binary file, no playlist',
  text: 'text, no playlist',
  empty: 'empty',
};

/** The report in words, ending with a line end. */
export function renderM3uReport(report: M3uReport): string {
  const lines = [`The file is ${forms[report.form]} (${report.packed.join(', ')}).`];
  if (report.truncated) lines.push('It ends too early; this is what stands before the cut.');
  lines.push(
    ...renderFacts([
      ['channels', report.channels],
      ['  radio', report.radio],
      ['  with a guide id', report.withGuideId],
      ['  sharing a guide id', report.sharedGuideIds],
      ['  with a number', report.withNumber],
      ['  with catch-up', report.withCatchup],
      ['movies', report.movies],
      ['episodes', report.episodes],
      ['groups', report.groups],
      ['with a logo', report.withLogo],
      ['with headers', report.withHeaders],
      ['duplicate addresses', report.duplicates],
      ['guides named', report.guideUrls],
    ]),
    ...renderRejects(report.rejects),
  );
  return `${lines.join('\n')}\n`;
}
