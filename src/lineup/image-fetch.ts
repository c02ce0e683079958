import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import axios from 'axios';

const timeoutMs = 8_000;

export interface ImageRules {
  /** Throws for an address that must not be asked; called for the first one and for each that it redirects to. */
  readonly admit: (url: URL) => void;
  readonly lookup: LookupFunction;
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
}

/** The bytes at an address of an image, whatever they are. Throws when it can't be had, is too large, or takes long. */
export async function fetchImage(address: string, { admit, lookup, mostBytes, signal }: ImageRules): Promise<Buffer> {
  admit(new URL(address));
  const deadline = AbortSignal.timeout(timeoutMs * 2);
  const { data } = await axios.get<ArrayBuffer>(address, {
    responseType: 'arraybuffer',
    timeout: timeoutMs,
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    maxContentLength: mostBytes,
    maxRedirects: 4,
    proxy: false,
    headers: { 'User-Agent': 'Mozilla/5.0', Accept: 'image/*' },
    httpAgent: new http.Agent({ keepAlive: false, lookup }),
    httpsAgent: new https.Agent({ keepAlive: false, lookup }),
    beforeRedirect: (options: Record<string, unknown>) => {
      if (typeof options['href'] === 'string') admit(new URL(options['href']));
    },
  });
  return Buffer.from(data);
}
