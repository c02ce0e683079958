import type { Log } from '../log/log.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import { Ffprobe } from './ffprobe.ts';
import { findFfprobe } from './ffprobe-binary.ts';
import { completeFacts } from './complete-facts.ts';

export interface ProberOptions {
  /** The path of the settings; empty looks in the usual places. */
  readonly configured: () => string;
  readonly log: Log;
  /** For tests. */
  readonly find?: typeof findFfprobe;
}

/** Asks ffprobe what a stream does not tell by itself. The program is looked for once; without one nothing is asked. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #stopping = new AbortController();
  #found: { readonly configured: string; readonly ffprobe: Promise<Ffprobe | null> } | null = null;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** `known` with what ffprobe finds in `sample` (the start of a stream) filled in; `known` itself when it finds nothing. Never rejects. */
  async complete(known: CodecFacts, sample: Buffer): Promise<CodecFacts> {
    try {
      const ffprobe = await this.#ffprobe();
      if (ffprobe === null) return known;
      return completeFacts(known, await ffprobe.probeByStdin(sample, { signal: this.#stopping.signal }));
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.log.debug('ffprobe found nothing', { error });
      return known;
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  #ffprobe(): Promise<Ffprobe | null> {
    const configured = this.#options.configured();
    if (this.#found?.configured !== configured) this.#found = { configured, ffprobe: this.#look(configured) };
    return this.#found.ffprobe;
  }

  async #look(configured: string): Promise<Ffprobe | null> {
    const { log, find = findFfprobe } = this.#options;
    const binary = await find({ configured, log });
    if (binary === null) log.info('there is no ffprobe; codecs that a stream does not tell stay unknown');
    else log.debug('ffprobe found', { ...binary });
    return binary === null ? null : new Ffprobe(binary.path);
  }
}
