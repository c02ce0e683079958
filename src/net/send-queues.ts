import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';

/** The end points of a connected socket, as `net.Socket` has them. */
export interface EndPoints {
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * How many bytes of a socket wait in the kernel or were not acknowledged by the peer, at a time after the call: undefined when the socket
 * is not in the list, null when the system has no such list.
 */
export type SendQueueOf = (socket: EndPoints) => Promise<number | undefined | null>;

export interface SendQueuesOptions {
  /** The table of connections: the text of `/proc/net/tcp` and `tcp6`, or null. */
  readonly read?: () => Promise<string | null>;
  /** Tables are read no more often than this: the kernel takes milliseconds to write one. */
  readonly everyMs?: number;
}

/**
 * The kernel's send queues (proc(5), `/proc/net/tcp`). A write tells little of a peer that reads slowly: Linux lets a buffer grow to
 * `tcp_wmem[2]` = 4 MB, and wakes a writer only when a third of it is free (`sk_stream_min_wspace`); at 200 kbit/s that is every 50 s.
 */
export class SendQueues {
  readonly #read: () => Promise<string | null>;
  readonly #everyMs: number;
  /** The next table, not begun yet. */
  #next: Promise<ReadonlyMap<string, number> | null> | null = null;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor({ read = readTables, everyMs = 1_000 }: SendQueuesOptions = {}) {
    this.#read = read;
    this.#everyMs = everyMs;
  }

  readonly of: SendQueueOf = async (socket) => {
    const key = keyOf(socket);
    if (key === null) return undefined;
    this.#next ??= this.#readNext();
    const table = await this.#next;
    return table === null ? null : table.get(key);
  };

  async #readNext(): Promise<ReadonlyMap<string, number> | null> {
    await sleep(Math.max(0, this.#readMs + this.#everyMs - performance.now()), undefined, { ref: false });
    // Who asks from here on gets a table that is read later.
    this.#next = null;
    this.#readMs = performance.now();
    const text = await this.#read();
    return text === null ? null : parse(text);
  }
}

/** Of this machine; all that ask share its tables. */
export const sendQueues = new SendQueues();

async function readTables(): Promise<string | null> {
  const read = (name: string) => readFile(`/proc/net/${name}`, 'latin1').catch(() => null);
  const [tcp, tcp6] = await Promise.all([read('tcp'), read('tcp6')]);
  return tcp === null && tcp6 === null ? null : `${tcp ?? ''}${tcp6 ?? ''}`;
}

/** Lines as `0: 0100007F:1F90 0100007F:C350 01 0000A5C8:00000000 ...`: both ends, the state, the send queue. */
function parse(text: string): ReadonlyMap<string, number> {
  const queues = new Map<string, number>();
  for (const [, key, queued] of text.matchAll(/^ *\d+: [\dA-F]+:([\dA-F]{4} [\dA-F]+:[\dA-F]{4}) .. ([\dA-F]{8}):/gm))
    queues.set(key ?? '', Number.parseInt(queued ?? '', 16));
  return queues;
}

/** The local port and the other end, as they stand in the table. */
function keyOf({ localPort, remoteAddress, remotePort }: EndPoints): string | null {
  if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return null;
  if (!ipaddr.isValid(remoteAddress)) return null;
  const bytes = Buffer.from(ipaddr.parse(remoteAddress).toByteArray());
  if (endianness() === 'LE') bytes.swap32();
  const port = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  return `${port(localPort)} ${bytes.toString('hex').toUpperCase()}:${port(remotePort)}`;
}
