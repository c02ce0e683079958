import { createCipheriv, createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type HlsMedia, hlsMedia } from './hls-media.ts';
import type { HlsSettings } from './settings.ts';

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** Segments that were there when the provider started. */
const before = 10;
const keyEvery = 4;

export interface HlsAsk {
  readonly username: string;
  readonly id: string;
  /** What stands behind the channel in the address; empty is where players come in. */
  readonly file: string;
  readonly token: string;
}

interface ListParts {
  readonly settings: HlsSettings;
  readonly media: HlsMedia;
  readonly query: string;
  readonly folder: string;
}

/** Live channels as HLS: a clip cut into segments, again and again, with a discontinuity at each turn. */
export class HlsPanel {
  readonly #settings: () => HlsSettings;
  readonly #startedAt = performance.now();
  readonly #media = new Map<string, Promise<HlsMedia>>();

  readonly #isFrozen: () => boolean;
  #nowMs = 0;

  constructor(settings: () => HlsSettings, isFrozen: () => boolean) {
    this.#settings = settings;
    this.#isFrozen = isFrozen;
  }

  /** Makes what has to be made before the first player comes. */
  async prepare(): Promise<void> {
    const { form } = this.#settings();
    if (form !== 'off') await this.#mediaOf(form);
  }

  async answer(response: ServerResponse, ask: HlsAsk, sent: (bytes: number) => void): Promise<void> {
    const settings = this.#settings();
    const { form, tokenMs } = settings;
    if (form === 'off') {
      response.writeHead(404).end();
      return;
    }
    const token = tokenMs === 0 ? '' : String(Math.floor(performance.now() / tokenMs));
    if (ask.file !== '' && ask.token !== token) {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<html>token expired</html>');
      return;
    }
    const clip = await this.#mediaOf(form);
    const media = {
      ...clip,
      segments: clip.segments.slice(0, settings.loop === 0 ? clip.segments.length : settings.loop),
    };
    const body = this.#body(ask, { settings, media, token });
    if (body === null) response.writeHead(404).end();
    else {
      const isList = typeof body === 'string';
      const bytes = Buffer.from(body);
      sent(bytes.length);
      response
        .writeHead(200, {
          'content-type': isList ? 'application/vnd.apple.mpegurl' : 'application/octet-stream',
          'content-length': bytes.length,
        })
        .end(bytes);
    }
  }

  #mediaOf(form: 'ts' | 'fmp4'): Promise<HlsMedia> {
    const known = this.#media.get(form) ?? hlsMedia(form);
    this.#media.set(form, known);
    return known;
  }

  #body(
    { username, id, file }: HlsAsk,
    { settings, media, token }: { readonly settings: HlsSettings; readonly media: HlsMedia; readonly token: string },
  ): Buffer | string | null {
    const query = token === '' ? '' : `?token=${token}`;
    const folder = `/hls/${encodeURIComponent(username)}/${id}`;
    if (file === '' && settings.master)
      return [
        '#EXTM3U',
        '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180',
        `${folder}/small.m3u8${query}`,
        '#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=640x360',
        `${folder}/full.m3u8${query}`,
        '',
      ].join('\n');
    if (file === '' || file.endsWith('.m3u8')) return this.#list({ settings, media, query, folder });
    if (file === 'init.mp4') return media.init;
    if (file.startsWith('key')) return keyOf(Number(file.slice(3)));
    const number = Number.parseInt(file, 10);
    const bytes = media.segments[number % media.segments.length];
    if (bytes === undefined || number > this.#edge(media) || number < this.#edge(media) - 3 * settings.window)
      return null;
    const clear = settings.junk ? Buffer.concat([png, bytes]) : bytes;
    if (!settings.encrypted) return clear;
    const iv = Buffer.alloc(16);
    iv.writeUInt32BE(number, 12);
    const cipher = createCipheriv('aes-128-cbc', keyOf(Math.floor(number / keyEvery)), iv);
    return Buffer.concat([cipher.update(clear), cipher.final()]);
  }

  /** The number of the newest segment. */
  #edge({ secondsEach }: HlsMedia): number {
    if (!this.#isFrozen()) this.#nowMs = performance.now() - this.#startedAt;
    return before + Math.floor(this.#nowMs / 1_000 / secondsEach);
  }

  #list({ settings, media, query, folder }: ListParts): string {
    const last = this.#edge(media);
    const first = last - settings.window + 1;
    const count = media.segments.length;
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      `#EXT-X-TARGETDURATION:${Math.ceil(media.secondsEach)}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.floor((first - 1) / count)}`,
      ...(media.init === null ? [] : [`#EXT-X-MAP:URI="${folder}/init.mp4${query}"`]),
    ];
    for (let number = first; number <= last; number++) {
      if (number % count === 0) lines.push('#EXT-X-DISCONTINUITY');
      if (settings.encrypted && (number === first || number % keyEvery === 0))
        lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="${folder}/key${Math.floor(number / keyEvery)}${query}"`);
      lines.push(`#EXTINF:${media.secondsEach.toFixed(3)},`, `${folder}/${number}${settings.extension}${query}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function keyOf(number: number): Buffer {
  return createHash('sha256').update(`key ${number}`).digest().subarray(0, 16);
}
