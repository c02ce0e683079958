import { HlsValidator } from './hls-validator.ts';

export interface HlsAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The code of a problem document. */
  readonly code: string | null;
}

async function ask(url: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<HlsAnswer> {
  const answer = await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) });
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers, code: answer.headers.get('x-coax-reason') };
}

/** A player of HLS that plays nothing: it follows the playlists, takes every segment, and holds both against the RFC. */
export class HlsPlayer {
  readonly validator = new HlsValidator();
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  /** The address of its media playlist. */
  media = '';
  bytes = 0;

  constructor(url: string, userAgent = 'hls-player') {
    this.url = url;
    this.#headers = { 'user-agent': userAgent };
  }

  /** Reads the address of the channel and where it leads. */
  async open(): Promise<this> {
    const { status, text, code } = await ask(this.url, this.#headers);
    if (status !== 200) throw new Error(`${this.url} gave ${status} ${code ?? text}`);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (!text.startsWith('#EXTM3U') || !/#EXT-X-STREAM-INF:.*BANDWIDTH=\d+/.test(text) || lines.length !== 1)
      throw new Error(`this is no master playlist of one variant: ${text}`);
    this.media = new URL(lines[0] ?? '', this.url).href;
    return this;
  }

  /** Asks for the media playlist and tells what came. A playlist is checked. */
  async poll(signal?: AbortSignal): Promise<HlsAnswer> {
    const answer = await ask(this.media, this.#headers, signal);
    if (answer.status === 200) this.validator.playlist(answer.text);
    return answer;
  }

  /** The bytes of a segment of the newest playlist. */
  async fetch(uri: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(new URL(uri, this.media), { headers: { ...this.#headers, ...headers } });
  }

  /** One turn: the playlist, and all segments of it that were not taken yet. */
  async turn(): Promise<void> {
    const answer = await this.poll();
    if (answer.status !== 200) throw new Error(`the playlist gave ${answer.status} ${answer.code ?? answer.text}`);
    for (const { sequence, uri } of this.validator.missing) {
      // oxlint-disable-next-line no-await-in-loop -- as players do it
      const response = await this.fetch(uri);
      // oxlint-disable-next-line no-await-in-loop
      const bytes = Buffer.from(await response.arrayBuffer());
      if (response.status !== 200) throw new Error(`segment ${sequence} gave ${response.status}`);
      this.bytes += bytes.length;
      this.validator.segment(sequence, bytes);
    }
  }

  /** Plays for this long. */
  async play(ms: number, everyMs = 500): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await this.turn();
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
