import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { Channel } from '../catalog/contract.ts';
import type { GuideReads } from '../guide/contract.ts';
import { type HostKeys, hostKeysOf, hostProgramme } from '../guide/host-programme.ts';
import { identify } from '../guide/programme-identity.ts';
import { archivesOf, isArchived } from '../model/archive.ts';
import type { Programme } from '../model/programme.ts';
import { pictureName, isPictureName } from './picture-name.ts';
import { PictureWishes } from './picture-wishes.ts';
import { PreviousProgrammes } from './previous-programmes.ts';
import { type ProgrammeIndex, channelsFileName, packedName, programmesName } from './programme-index.ts';
import type { ProgrammesOrder } from './publish-order.ts';

/** What of the catalogue goes into the file. `isSafe` is false for an address that holds a secret. */
export interface ProgrammeSources {
  readonly channels: readonly Channel[];
  readonly guide: Pick<GuideReads, 'walk'>;
  readonly isSafe: (address: string) => boolean;
  /** The text without what is shaped like a login or is a known secret. */
  readonly redact: (text: string) => string;
}

const pieceBytes = 262_144;
const revisionChars = 24;
const courtesyMs = 20;
const mostCourtesyMs = 60_000;
/** Read over loopback, most often unpacked: little work counts more than the last byte. */
const gzipLevel = 1;

/** Lines of a file, joined into pieces worth a write; tells where each begins. */
class LineFile {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #waiting = 0;
  #written = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Resolves to the place of the line. */
  async add(value: unknown): Promise<{ readonly at: number; readonly length: number }> {
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    const at = this.#written + this.#waiting;
    this.#pieces.push(line);
    this.#waiting += line.length;
    this.#hash.update(line);
    if (this.#waiting >= pieceBytes) await this.flush();
    return { at, length: line.length };
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#waiting = 0;
    for (let at = 0; at < bytes.length; ) {
      // oxlint-disable-next-line no-await-in-loop -- the rest of one piece
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#written);
      at += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  /** Of everything so far. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, revisionChars);
  }
}

const header = ({ fromUnix, toUnix }: ProgrammesOrder, revision: string): unknown => ({
  guide: 1,
  revision,
  fromUnix,
  toUnix,
});

const isHd = ({ name }: Channel): boolean => /\b(?:U|F)?HD\b|\b4K\b/i.test(name);

/** Lets files for players go first: they are asked for while somebody waits. But no longer than a minute in all. */
function courtesy(playersFirst: SharedArrayBuffer | null): () => Promise<void> {
  const open = playersFirst === null ? null : new Int32Array(playersFirst);
  let leftMs = mostCourtesyMs;
  const areMade = (): boolean => open !== null && Atomics.load(open, 0) > 0;
  return async () => {
    for (; leftMs > 0 && areMade(); leftMs -= courtesyMs) {
      // oxlint-disable-next-line no-await-in-loop -- a look now and then
      await pause(courtesyMs);
    }
  };
}

/** Guides advertise: an address in a description may hold a login. */
function withoutLogins(programme: Programme, redact: (text: string) => string): Programme {
  const { title, subtitle, description } = programme;
  if (!(title.includes('://') || subtitle?.includes('://') === true || description?.includes('://') === true))
    return programme;
  return {
    ...programme,
    title: redact(title),
    ...(subtitle === undefined ? {} : { subtitle: redact(subtitle) }),
    ...(description === undefined ? {} : { description: redact(description) }),
  };
}

/** The picture's path, if it is held; if not, it is wished for. */
function pictures(
  order: ProgrammesOrder,
  held: ReadonlySet<string>,
  wishes: PictureWishes,
  isSafe: (address: string) => boolean,
) {
  const { pictures: from } = order;
  return ({ icon, startUnix, stopUnix }: Programme): string | null => {
    if (from === null || icon === undefined || icon === '') return null;
    const name = pictureName(icon);
    if (startUnix < from.untilUnix && stopUnix > from.sinceUnix && isSafe(icon)) wishes.add(icon, startUnix);
    if (!held.has(name)) return null;
    wishes.name(name);
    return `${from.path}/${name}`;
  };
}

async function writeLines(
  order: ProgrammesOrder,
  { channels, guide, isSafe, redact }: ProgrammeSources,
  folder: string,
): Promise<Pick<ProgrammeIndex, 'revision' | 'channels' | 'programmes'>> {
  const names = order.pictures === null ? [] : await readdir(order.pictures.folder).catch(() => []);
  const held = new Set(names.filter(isPictureName));
  const wishes = new PictureWishes(channels, order.pictures?.providerHosts ?? []);
  const pictureOf = pictures(order, held, wishes, isSafe);
  await using previous = await PreviousProgrammes.open(order.previous);
  await using file = await open(join(folder, programmesName), 'w', 0o600);
  const lines = new LineFile(file);
  const places: [channel: string, at: number, length: number][] = [];
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  const letPlayers = courtesy(order.playersFirst);
  const nowUnix = Math.floor(Date.now() / 1000);
  let count = 0;
  // The revision is known at the end; it takes the place of as many zeros.
  await lines.add(header(order, '0'.repeat(revisionChars)));
  for await (const [{ id: channelId }, written] of guide.walk(channels, order.fromUnix, order.toUnix)) {
    // oxlint-disable-next-line no-await-in-loop -- one channel after the other
    await letPlayers();
    const channel = byId.get(channelId);
    if (channel === undefined || written.length === 0) continue;
    const programmes = written.map((programme) => withoutLogins(programme, redact));
    const keys: readonly HostKeys[] = programmes.map(hostKeysOf);
    const broadcasts = programmes.map(({ startUnix, title }, index) => {
      const key = keys[index]?.showId ?? null;
      return { startUnix, title, ...(key === null ? {} : { key }) };
    });
    const ids = identify(channelId, broadcasts, await previous.of(channelId));
    const hd = isHd(channel);
    const archives = archivesOf(channel);
    const items = programmes.flatMap((programme, index) => {
      const [key, id] = [keys[index], ids[index]];
      return key === undefined || id === undefined
        ? []
        : [
            hostProgramme(programme, id, key, {
              image: pictureOf(programme),
              hd,
              hasArchive: isArchived(archives, programme.startUnix, nowUnix),
            }),
          ];
    });
    count += items.length;
    const { at, length } = await lines.add({ channelId, programmes: items });
    places.push([channelId, at, length]);
  }
  await lines.add({ end: true, channels: places.length, programmes: count });
  await lines.flush();
  const revision = lines.digest();
  await file.write(`${JSON.stringify(header(order, revision))}\n`, 0);
  await writeFile(join(folder, channelsFileName), JSON.stringify(places), { mode: 0o600 });
  await wishes.save(folder);
  return { revision, channels: places.length, programmes: count };
}

/**
 * Writes the guide of an output for media servers: one line of JSON for each channel, made one channel at a time, so that memory stays
 * flat. It is written aside and moved into place when it is whole (design D2).
 */
export async function publishProgrammes(order: ProgrammesOrder, sources: ProgrammeSources): Promise<void> {
  const aside = `${order.folder}.tmp`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const made = await writeLines(order, sources, aside);
  const path = join(aside, programmesName);
  const packed = join(aside, packedName);
  await pipeline(
    createReadStream(path, { highWaterMark: pieceBytes }),
    createGzip({ level: gzipLevel, chunkSize: pieceBytes }),
    createWriteStream(packed, { mode: 0o600 }),
  );
  const index: ProgrammeIndex = {
    ...made,
    size: (await stat(path)).size,
    packedSize: (await stat(packed)).size,
    modifiedAt: Date.now(),
  };
  await writeFile(join(aside, 'index.json'), JSON.stringify(index), { mode: 0o600 });
  await rm(order.folder, { recursive: true, force: true });
  await rename(aside, order.folder);
}
