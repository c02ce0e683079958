import type { Programme } from '../model/programme.ts';
import type { PackedFormat } from './decompress.ts';
import {
  DuplicateCounter,
  openFile,
  RejectCounter,
  type RejectReport,
  renderFacts,
  renderRejects,
  type ReportOptions,
} from './report-file.ts';
import { readXmltv, type XmltvSummary } from './xmltv-reader.ts';

export interface XmltvReportOptions extends ReportOptions {
  /** Zone of times that name none. Default UTC. */
  readonly zone?: string;
}

/** What the reader makes of a guide. */
export interface XmltvReport {
  readonly form: XmltvSummary['form'];
  /** How the file is packed, outermost first. */
  readonly packed: readonly PackedFormat[];
  readonly truncated: boolean;
  readonly channels: number;
  readonly channelsWithIcon: number;
  readonly duplicateChannels: number;
  /** Channels that are declared and have no programme. */
  readonly channelsWithoutProgrammes: number;
  /** Channels that have programmes and are not declared. */
  readonly undeclaredChannels: number;
  readonly programmes: number;
  readonly withDescription: number;
  readonly withEpisode: number;
  readonly withIcon: number;
  readonly withCategory: number;
  /** Programmes of a channel with the start of one before. */
  readonly duplicates: number;
  readonly firstUnix?: number;
  readonly lastUnix?: number;
  readonly rejects: RejectReport;
}

class Counts {
  withDescription = 0;
  withEpisode = 0;
  withIcon = 0;
  withCategory = 0;
  readonly used = new Set<string>();
  readonly starts = new DuplicateCounter();

  add(programme: Programme): void {
    this.used.add(programme.guideId);
    this.starts.add(`${programme.startUnix} ${programme.guideId}`);
    if (programme.description !== undefined) this.withDescription++;
    if (programme.episode !== undefined) this.withEpisode++;
    if (programme.icon !== undefined) this.withIcon++;
    if (programme.categories !== undefined) this.withCategory++;
  }
}

/** Reads a guide from disk and counts what is in it. Throws SOURCE_* when the file can not be read or unpacked. */
export async function reportXmltv(path: string, options: XmltvReportOptions = {}): Promise<XmltvReport> {
  const all = new Counts();
  const rejects = new RejectCounter(options.maxRejects);
  const packed: PackedFormat[] = [];
  const declared = new Set<string>();
  let channelsWithIcon = 0;
  const summary = await readXmltv(
    openFile(path, (format) => packed.push(format), options.signal),
    {
      channels: (channels) => {
        for (const channel of channels) {
          declared.add(channel.id);
          if (channel.icon !== undefined) channelsWithIcon++;
        }
      },
      programmes: (programmes) => {
        for (const programme of programmes) all.add(programme);
      },
      reject: (reject) => rejects.add(reject),
    },
    {
      ...(options.zone !== undefined && { zone: options.zone }),
      ...(options.signal !== undefined && { signal: options.signal }),
    },
  );
  return {
    form: summary.form,
    packed,
    truncated: summary.truncated,
    channels: summary.channels,
    channelsWithIcon,
    duplicateChannels: summary.channels - declared.size,
    channelsWithoutProgrammes: declared.difference(all.used).size,
    undeclaredChannels: all.used.difference(declared).size,
    programmes: summary.programmes,
    withDescription: all.withDescription,
    withEpisode: all.withEpisode,
    withIcon: all.withIcon,
    withCategory: all.withCategory,
    duplicates: all.starts.duplicates,
    ...(summary.firstUnix !== undefined && { firstUnix: summary.firstUnix }),
    ...(summary.lastUnix !== undefined && { lastUnix: summary.lastUnix }),
    rejects: rejects.report(),
  };
}

const forms: Readonly<Record<XmltvReport['form'], string>> = {
  guide: 'an XMLTV guide',
  xml: 'XML, but no guide',
  html: 'a web page, no guide',
  json: 'JSON, no guide',
  binary: 'a binary file, no guide',
  text: 'text, no guide',
  empty: 'empty',
};

function moment(unix: number | undefined): string {
  return unix === undefined ? '-' : new Date(unix * 1000).toISOString().replace('.000', '');
}

/** The report in words, ending with a line end. */
export function renderXmltvReport(report: XmltvReport): string {
  const lines = [`The file is ${forms[report.form]} (${report.packed.join(', ')}).`];
  if (report.truncated) lines.push('It ends too early; this is what stands before the cut.');
  lines.push(
    ...renderFacts([
      ['channels', report.channels],
      ['  with an icon', report.channelsWithIcon],
      ['  declared twice', report.duplicateChannels],
      ['  without programmes', report.channelsWithoutProgrammes],
      ['  not declared', report.undeclaredChannels],
      ['programmes', report.programmes],
      ['  with a description', report.withDescription],
      ['  with an episode number', report.withEpisode],
      ['  with an icon', report.withIcon],
      ['  with a category', report.withCategory],
      ['  duplicate', report.duplicates],
      ['first start', moment(report.firstUnix)],
      ['last stop', moment(report.lastUnix)],
    ]),
    ...renderRejects(report.rejects),
  );
  return `${lines.join('\n')}\n`;
}
