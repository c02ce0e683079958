import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request as the provider saw it. `url` is raw: it holds credentials as they were sent. */
export interface SeenRequest {
  readonly n: number;
  readonly where: 'panel' | 'edge';
  readonly method: string;
  readonly url: string;
  readonly userAgent: string;
  readonly range?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Milliseconds since the provider started. */
  readonly at: number;
  readonly port: number;
  outcome: 'other' | 'media' | 'refused';
  status: number;
  bytes: number;
  /** When the response was over; absent while it runs. */
  endedAt?: number;
}

const keepAtMost = 20_000;

/** Everything that was asked, the latest 20,000 in detail and all of it by path and user agent. */
export class RequestLog {
  #requests: SeenRequest[] = [];
  #paths: Record<string, number> = {};
  #userAgents: Record<string, number> = {};
  #heads = 0;
  #count = 0;

  note(request: IncomingMessage, response: ServerResponse, where: 'panel' | 'edge'): SeenRequest {
    const url = request.url ?? '';
    const userAgent = request.headers['user-agent'] ?? '';
    this.#count += 1;
    const seen: SeenRequest = {
      n: this.#count,
      where,
      method: request.method ?? '',
      url,
      userAgent,
      ...(request.headers.range === undefined ? {} : { range: request.headers.range }),
      headers: request.headers,
      at: performance.now(),
      port: request.socket.remotePort ?? 0,
      outcome: 'other',
      status: 0,
      bytes: 0,
    };
    const path = url.replace(/\?.*$/, '');
    this.#paths[path] = (this.#paths[path] ?? 0) + 1;
    this.#userAgents[userAgent] = (this.#userAgents[userAgent] ?? 0) + 1;
    if (request.method === 'HEAD') this.#heads += 1;
    this.#requests.push(seen);
    if (this.#requests.length > keepAtMost) this.#requests.splice(0, keepAtMost / 2);
    response.once('close', () => {
      seen.status = response.statusCode;
      seen.endedAt = performance.now();
    });
    return seen;
  }

  clear(): void {
    this.#requests = [];
    this.#paths = {};
    this.#userAgents = {};
    this.#heads = 0;
  }

  state() {
    return { paths: this.#paths, userAgents: this.#userAgents, heads: this.#heads, requests: this.#requests };
  }
}
