import { CoaxError } from '../errors.ts';
import type { Reject } from '../model/items.ts';
import { type ContentForm, contentForm } from './content-form.ts';
import { LineSplitter } from './lines.ts';
import { BadAddress, parseAddress } from './m3u-address.ts';
import { parseHeaderAttributes } from './m3u-attributes.ts';
import { type M3uEntry, PendingEntry } from './m3u-entry.ts';
import { splitGuideUrls } from './m3u-guide-urls.ts';

/**
 * Takes what was read; what `entries` returns is awaited, which is its back-pressure. Strings may be slices of the text read:
 * what is kept for long keeps a chunk of the file in memory, unless it is copied.
 */
export interface M3uSink {
  entries(entries: readonly M3uEntry[]): void | Promise<void>;
  reject(reject: Reject): void;
}

export interface M3uOptions {
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface M3uSummary {
  /** `playlist`, or what the file is instead: a HLS playlist of segments or of variants, or no playlist at all. */
  readonly form: 'playlist' | 'hls-media' | 'hls-master' | ContentForm;
  readonly entries: number;
  readonly rejects: number;
  /** The bytes end too early; everything before the cut was delivered. */
  readonly truncated: boolean;
  /** Attributes of `#EXTM3U` as written, by lower-case name. */
  readonly header: Readonly<Record<string, string>>;
  /** Addresses of guides that the header names (`x-tvg-url`, `url-tvg`), as written: some are relative. They may hold tokens. */
  readonly guideUrls: readonly string[];
}

const pieceBytes = 128 * 1024;

/** The start of a line for a report: addresses, and what looks like a secret, are taken out. */
function excerptOf(text: string): string {
  return text
    .slice(0, 2000)
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"',]+/gi, '$1…')
    .replace(/((?:user(?:name)?|pass(?:word)?|token|key|auth)=)[^\s&"',]+/gi, '$1…')
    .slice(0, 120);
}

/** Reads lines into entries. Synchronous, so that the reader decides when to wait. */
class M3uParser {
  readonly #reject: (reject: Reject) => void;
  entries: M3uEntry[] = [];
  header: Record<string, string> = {};
  form: M3uSummary['form'] | undefined;
  /** Nothing more needs to be read: the file is something else. */
  done = false;
  entryCount = 0;
  #pending: PendingEntry | undefined;
  #first = true;
  #isPlaylist = false;

  constructor(reject: (reject: Reject) => void) {
    this.#reject = reject;
  }

  readonly line = (raw: string, number: number, cut: boolean): void => {
    if (this.done) return;
    const line = raw.trim();
    if (line === '') return;
    if (this.#first) {
      this.#first = false;
      const form = contentForm(line);
      if (form !== 'text') {
        this.#stop(form);
        return;
      }
    }
    if (cut) this.#tooLong(line, number);
    else if (line.startsWith('#')) this.#tag(line, number);
    else this.#address(line, number);
  };

  end(): void {
    this.#dropPending();
    if (this.form === undefined) this.form = this.#isPlaylist ? 'playlist' : this.#first ? 'empty' : 'text';
  }

  #stop(form: M3uSummary['form']): void {
    this.form = form;
    this.done = true;
    this.#pending = undefined;
    this.entryCount -= this.entries.length;
    this.entries = [];
  }

  #tag(line: string, number: number): void {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1);
    switch (colon < 0 ? line.split(/\s/, 1)[0]?.toUpperCase() : line.slice(0, colon).toUpperCase()) {
      case '#EXTINF':
        this.#isPlaylist = true;
        if (this.#pending?.extinf !== undefined) this.#dropPending();
        // Lines before #EXTINF belong to it too.
        this.#pending = this.#pending === undefined ? new PendingEntry(number) : this.#pending.movedTo(number);
        this.#pending.extinf = value;
        break;
      case '#EXTGRP':
        this.#open(number).group = value.trim();
        break;
      case '#EXTVLCOPT':
        this.#open(number).vlcOption(value);
        break;
      case '#KODIPROP':
        this.#open(number).kodiProperty(value);
        break;
      case '#EXTHTTP':
        this.#open(number).httpHeaders(value);
        break;
      case '#EXT-X-TARGETDURATION':
      case '#EXT-X-MEDIA-SEQUENCE':
        // A list of channels may hold tags that strayed in from HLS; a HLS playlist has them at its top.
        if (this.entryCount === 0) this.#stop('hls-media');
        break;
      case '#EXT-X-STREAM-INF':
        if (this.entryCount === 0 && this.#pending?.extinf === undefined) this.#stop('hls-master');
        break;
      default:
        if (/^#EXTM3U(?:\s|$)/i.test(line)) {
          this.#isPlaylist = true;
          // Joined playlists have several headers; the first that says something counts.
          this.header = { ...parseHeaderAttributes(line), ...this.header };
        }
    }
  }

  #open(line: number): PendingEntry {
    this.#pending ??= new PendingEntry(line);
    return this.#pending;
  }

  #address(line: string, number: number): void {
    const pending = this.#pending ?? new PendingEntry(number);
    this.#pending = undefined;
    const address = parseAddress(line);
    if (address instanceof BadAddress) {
      const excerpt = pending.extinf === undefined ? '' : excerptOf(pending.extinf);
      this.#refuse('channel', number, address.reason, excerpt);
      return;
    }
    this.#isPlaylist = true;
    this.entryCount++;
    this.entries.push((pending.extinf === undefined ? pending.movedTo(number) : pending).build(address, this.header));
  }

  #tooLong(line: string, number: number): void {
    this.#pending = undefined;
    this.#refuse('line', number, 'The line is too long', line.startsWith('#') ? excerptOf(line) : '');
  }

  #dropPending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.extinf === undefined) return;
    this.#refuse('channel', pending.line, 'No address follows #EXTINF', excerptOf(pending.extinf));
  }

  #refuse(what: Reject['what'], at: number, reason: string, excerpt: string): void {
    this.#reject(excerpt === '' ? { what, at, reason } : { what, at, reason, excerpt });
  }
}

function guideUrlsOf(header: Readonly<Record<string, string>>): string[] {
  return [...new Set(['x-tvg-url', 'url-tvg', 'tvg-url'].flatMap((key) => splitGuideUrls(header[key] ?? '')))];
}

/**
 * Reads a playlist of channels of any size in flat memory. An entry that is broken becomes a reject (`at` is the line) and costs nothing
 * else. A file that is no such playlist says so in `form`. Throws CANCELLED when the signal fires and whatever `chunks` or the sink
 * throw; SOURCE_TRUNCATED from `chunks` ends the list and is told in the summary.
 */
export async function readM3u(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sink: M3uSink,
  options: M3uOptions = {},
): Promise<M3uSummary> {
  const batchSize = options.batchSize ?? 500;
  let rejects = 0;
  const parser = new M3uParser((reject) => {
    rejects++;
    sink.reject(reject);
  });
  const lines = new LineSplitter(parser.line);
  const flush = async (size: number): Promise<void> => {
    if (parser.entries.length < size) return;
    const { entries } = parser;
    parser.entries = [];
    await sink.entries(entries);
  };
  let truncated = false;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && !parser.done; at += pieceBytes) {
        if (options.signal?.aborted === true) throw new CoaxError('CANCELLED');
        lines.write(chunk.subarray(at, at + pieceBytes));
        await flush(batchSize);
      }
      if (parser.done) break;
    }
  } catch (error) {
    if (!(error instanceof CoaxError) || error.code !== 'SOURCE_TRUNCATED') throw error;
    truncated = true;
  }
  if (!parser.done) lines.end();
  parser.end();
  await flush(1);
  return {
    form: parser.form ?? 'text',
    entries: parser.entryCount,
    rejects,
    truncated,
    header: parser.header,
    guideUrls: guideUrlsOf(parser.header),
  };
}
