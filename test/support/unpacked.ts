import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

/** A file of a zip as its central directory names it. */
export interface ZippedFile {
  readonly path: string;
  /** The Unix mode, type bits included; 0 when the zip has none. */
  readonly mode: number;
  /** DOS time stamp: date in the upper half. */
  readonly stamp: number;
  /** What made it: 3 is Unix. */
  readonly system: number;
}

/** Reads the central directory of a zip, in its order. It uses no code that wrote it. */
export function directoryOf(zip: Buffer): ZippedFile[] {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const files: ZippedFile[] = [];
  for (let index = 0; index < count; index += 1) {
    const nameLength = zip.readUInt16LE(at + 28);
    files.push({
      path: zip.toString('utf8', at + 46, at + 46 + nameLength),
      mode: zip.readUInt32LE(at + 38) >>> 16,
      stamp: zip.readUInt32LE(at + 12),
      system: zip[at + 5] ?? 0,
    });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

/** Unpacks a zip into a folder with the modes it holds. */
export function unpackTo(file: string, folder: string): void {
  const zip = readFileSync(file);
  const modes = new Map(directoryOf(zip).map(({ path, mode }) => [path, mode & 0o777]));
  for (const [path, bytes] of Object.entries(unzipSync(zip))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    chmodSync(join(folder, path), modes.get(path) ?? 0o600);
  }
}
