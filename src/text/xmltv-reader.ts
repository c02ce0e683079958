import { CoaxError } from '../errors.ts';
import type { Reject } from '../model/items.ts';
import type { GuideChannel, Programme } from '../model/programme.ts';
import { CharsetDecoder } from './charset.ts';
import { type ContentForm, contentForm } from './content-form.ts';
import { XmlScanner } from './xml-scanner.ts';
import { XmltvAssembler } from './xmltv-assembler.ts';
import { xmltvTimeReader } from './xmltv-time.ts';

/**
 * Takes what was read, in batches; what it returns is awaited, which is its back-pressure. Strings may be slices of the text read:
 * what is kept for long keeps a chunk of the file in memory, unless it is copied. Guide ids are copies already.
 */
export interface XmltvSink {
  channels(channels: readonly GuideChannel[]): void | Promise<void>;
  programmes(programmes: readonly Programme[]): void | Promise<void>;
  reject(reject: Reject): void;
}

export interface XmltvOptions {
  /** Zone of times that name none: an IANA name or an offset. Default UTC. */
  readonly zone?: string;
  /** Only programmes that end after this moment. */
  readonly fromUnix?: number;
  /** Only programmes that begin before this moment. */
  readonly toUnix?: number;
  /** Asked for each programme before anything else of it is read. Channels are always delivered. */
  readonly wanted?: (guideId: string) => boolean;
  /** Languages for titles and texts, best first (`['en', 'de']`); what has none of them falls back to the first given. */
  readonly languages?: readonly string[];
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface XmltvSummary {
  /** `guide`, or what the file is instead; `xml` is XML of another kind. */
  readonly form: 'guide' | 'xml' | ContentForm;
  readonly channels: number;
  readonly programmes: number;
  /** Programmes outside the window or of channels nobody wants. */
  readonly skipped: number;
  readonly rejects: number;
  /** The file ends too early; everything before the cut was delivered. */
  readonly truncated: boolean;
  /** Start of the first and stop of the last programme that was delivered. */
  readonly firstUnix?: number;
  readonly lastUnix?: number;
}

/** Larger chunks are read in pieces, so that the sink's back-pressure works and batches stay small. */
const pieceBytes = 256 * 1024;

/** Collects what the assembler makes until it is handed over. */
class Batches {
  readonly sink: XmltvSink;
  channels: GuideChannel[] = [];
  programmes: Programme[] = [];
  channelCount = 0;
  programmeCount = 0;
  rejectCount = 0;
  firstUnix = Number.POSITIVE_INFINITY;
  lastUnix = Number.NEGATIVE_INFINITY;

  constructor(sink: XmltvSink) {
    this.sink = sink;
  }

  channel(channel: GuideChannel): void {
    this.channelCount++;
    this.channels.push(channel);
  }

  programme(programme: Programme): void {
    this.programmeCount++;
    if (programme.startUnix < this.firstUnix) this.firstUnix = programme.startUnix;
    if (programme.stopUnix > this.lastUnix) this.lastUnix = programme.stopUnix;
    this.programmes.push(programme);
  }

  reject(reject: Reject): void {
    this.rejectCount++;
    this.sink.reject(reject);
  }

  /** Hands over what is there if it is at least `size`. Channels go first, as they stand first in the file. */
  async flush(size: number): Promise<void> {
    if (this.channels.length + this.programmes.length < size) return;
    const { channels, programmes } = this;
    this.channels = [];
    this.programmes = [];
    if (channels.length > 0) await this.sink.channels(channels);
    if (programmes.length > 0) await this.sink.programmes(programmes);
  }
}

function formOf(assembler: XmltvAssembler): XmltvSummary['form'] {
  if (assembler.sawGuide || assembler.root === 'tv') return 'guide';
  const root = assembler.root.toLowerCase();
  if (root === 'html' || root === 'head' || root === 'body') return 'html';
  const stray = contentForm(assembler.strayText);
  return root === '' || stray === 'json' || stray === 'binary' ? stray : 'xml';
}

/**
 * Reads an XMLTV guide of any size in flat memory. Broken programmes become rejects (`at` is the line) and cost nothing else. A file that is no guide delivers nothing and
 * says so in `form`; a file cut short, also one whose `chunks` throw SOURCE_TRUNCATED, delivers what stands before the cut.
 * Throws CANCELLED when the signal fires, CONFIG_INVALID for an unknown zone, and whatever `chunks` or the sink throw.
 */
export async function readXmltv(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sink: XmltvSink,
  options: XmltvOptions = {},
): Promise<XmltvSummary> {
  const batchSize = options.batchSize ?? 500;
  const batches = new Batches(sink);
  const decoder = new CharsetDecoder({ xml: true });
  const assembler: XmltvAssembler = new XmltvAssembler({
    time: xmltvTimeReader(options.zone),
    languages: options.languages ?? [],
    fromUnix: options.fromUnix ?? Number.NEGATIVE_INFINITY,
    toUnix: options.toUnix ?? Number.POSITIVE_INFINITY,
    wanted: options.wanted ?? (() => true),
    channel: (channel) => batches.channel(channel),
    programme: (programme) => batches.programme(programme),
    reject: (reject) => batches.reject(reject),
    line: () => scanner.line,
  });
  const scanner = new XmlScanner(assembler);
  let cut = false;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        if (options.signal?.aborted === true) throw new CoaxError('CANCELLED');
        scanner.write(decoder.write(chunk.subarray(at, at + pieceBytes)));
        await batches.flush(batchSize);
      }
      if (/^html$/i.test(assembler.root)) break;
    }
  } catch (error) {
    if (!(error instanceof CoaxError) || error.code !== 'SOURCE_TRUNCATED') throw error;
    cut = true;
  }
  scanner.write(decoder.end());
  const { truncated } = scanner.end();
  assembler.finish();
  await batches.flush(1);
  const form = formOf(assembler);
  return {
    form,
    channels: batches.channelCount,
    programmes: batches.programmeCount,
    skipped: assembler.skipped,
    rejects: batches.rejectCount,
    truncated: cut || (truncated && form === 'guide'),
    ...(batches.programmeCount > 0 && { firstUnix: batches.firstUnix, lastUnix: batches.lastUnix }),
  };
}
