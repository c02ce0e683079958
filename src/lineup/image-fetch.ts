import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import axios from 'axios';
import { type HostGate, hostAndPort, isBroken } from '../sources/host-gate.ts';

const timeoutMs = 8_000;

export interface ImageRules {
  /** Throws for an address that must not be asked; called for the first one and for each that it redirects to. */
  readonly admit: (url: URL) => void;
  readonly lookup: LookupFunction;
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
  /** Leaves hosts alone that are down; asked for the first host. */
  readonly gate?: HostGate;
  /** For hosts that are gone to another way: through the proxy of their source; `via` names its host and port. */
  readonly via?: string;
  readonly agents?: { readonly httpAgent: http.Agent; readonly httpsAgent: http.Agent };
}

/** The bytes at an address of an image, whatever they are. Throws when it can't be had, is too large, or takes long. */
export async function fetchImage(address: string, rules: ImageRules): Promise<Buffer> {
  const url = new URL(address);
  rules.admit(url);
  const pass = rules.gate?.enter({ host: hostAndPort(url), ...(rules.via === undefined ? {} : { via: rules.via }) });
  try {
    const bytes = await fetched(address, rules);
    pass?.worked();
    return bytes;
  } catch (error) {
    const answered: unknown = axios.isAxiosError(error) ? error.response?.status : undefined;
    if (typeof answered === 'number' && !isBroken(answered)) pass?.worked();
    else if (rules.signal?.aborted === true || !axios.isAxiosError(error)) pass?.dropped();
    else pass?.failed();
    throw error;
  }
}

async function fetched(address: string, { admit, lookup, mostBytes, signal, agents }: ImageRules): Promise<Buffer> {
  const deadline = AbortSignal.timeout(timeoutMs * 2);
  const { data } = await axios.get<ArrayBuffer>(address, {
    responseType: 'arraybuffer',
    timeout: timeoutMs,
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    maxContentLength: mostBytes,
    maxRedirects: 4,
    proxy: false,
    headers: { 'User-Agent': 'Mozilla/5.0', Accept: 'image/*' },
    ...(agents ?? {
      httpAgent: new http.Agent({ keepAlive: false, lookup }),
      httpsAgent: new https.Agent({ keepAlive: false, lookup }),
    }),
    beforeRedirect: (options: Record<string, unknown>) => {
      if (typeof options['href'] === 'string') admit(new URL(options['href']));
    },
  });
  return Buffer.from(data);
}
