import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Channel } from '../catalog/contract.ts';
import { belongsTo, hostOf } from './provider-hosts.ts';

const fileName = 'pictures.json';
/** A guide with more pictures than these for the next days gets the soonest. */
const mostWishes = 20_000;

const schema = z.object({
  hosts: z.array(z.string()),
  addresses: z.array(z.string()),
  named: z.array(z.string()).default([]),
});

/**
 * Pictures to gather: their addresses, soonest first, and the hosts of providers, which are never asked for one. `named` are those that
 * the guide names already.
 */
export type PictureList = z.infer<typeof schema>;

/** Collects the pictures of a guide that are worth having. */
export class PictureWishes {
  readonly #hosts: ReadonlySet<string>;
  /** By address: the earliest start. */
  readonly #starts = new Map<string, number>();
  readonly #named = new Set<string>();

  /** The hosts of playlists' streams are providers' hosts too. */
  constructor(channels: readonly Channel[], providerHosts: readonly string[]) {
    const ofStreams = channels.flatMap(({ streams }) =>
      streams.flatMap(({ locator }) =>
        locator.kind === 'url'
          ? [locator.url]
          : locator.kind === 'xtream' && locator.direct !== undefined
            ? [locator.direct]
            : [],
      ),
    );
    this.#hosts = new Set([...providerHosts, ...ofStreams.map(hostOf).filter((host) => host !== null)]);
  }

  add(address: string, startUnix: number): void {
    const known = this.#starts.get(address);
    if (known !== undefined) {
      if (startUnix < known) this.#starts.set(address, startUnix);
      return;
    }
    if (!/^https?:\/\//i.test(address)) return;
    const host = hostOf(address);
    if (host === null || belongsTo(this.#hosts, host)) return;
    this.#starts.set(address, startUnix);
  }

  /** The guide names this held picture. */
  name(picture: string): void {
    this.#named.add(picture);
  }

  async save(folder: string): Promise<void> {
    const addresses = [...this.#starts].sort(([, one], [, other]) => one - other).map(([address]) => address);
    const list: PictureList = {
      hosts: [...this.#hosts],
      addresses: addresses.slice(0, mostWishes),
      named: [...this.#named],
    };
    await writeFile(join(folder, fileName), JSON.stringify(list), { mode: 0o600 });
  }
}

/** What the guide of a generation wishes for; nothing when that can't be read. */
export async function readPictureList(folder: string): Promise<PictureList> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, fileName), 'utf8')));
  } catch {
    return { hosts: [], addresses: [], named: [] };
  }
}
