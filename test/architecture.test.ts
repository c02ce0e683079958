import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..', 'src');

/** Folders of src by layer, lowest first. A file may import its own folder, lower layers, and what `everyone` names. */
const layers: readonly (readonly string[])[] = [
  ['model'],
  ['text', 'mpegts', 'rules', 'net', 'ffmpeg'],
  ['fmp4'],
  ['sources'],
  ['accounts', 'catalog', 'probe'],
  ['relay', 'vod', 'catchup', 'guide', 'ingest', 'lineup', 'library', 'hosts'],
  ['transcode'],
  ['http', 'web'],
  ['app'],
  ['cli'],
  ['main'],
];
const everyone = new Set(['delay', 'errors', 'config', 'log', 'model', 'thread-priority', 'version']);
/** Arrows inside a layer or upwards that are meant, with the reason. */
const meant: Readonly<Record<string, string>> = {
  'catchup → vod': 'a past programme is served as a film is: sessions, ranges, one lease',
  'ingest → guide': 'a refresh merges the guides it has just read',
  'lineup → guide': 'an output is written from the merged guide',
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function partOf(path: string): string {
  const first = relative(root, path).split(sep)[0] ?? '';
  return first.replace(/\.ts$/, '');
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'|new URL\('(\.[^']+)'/g)].map(
    (m) => m[1] ?? m[2] ?? '',
  );
  return found.filter((spec) => spec !== '' && !spec.endsWith('/'));
}

const rank = new Map(layers.flatMap((folders, index) => folders.map((folder) => [folder, index] as const)));

describe('the architecture', () => {
  for (const path of files(root)) {
    const name = posix.join('src', relative(root, path).split(sep).join('/'));
    it(`lets ${name} import only what lies below it`, () => {
      const from = partOf(path);
      const wrong = importsOf(path)
        .map((spec) => join(path, '..', spec))
        .filter((target) => !relative(root, target).startsWith('..'))
        .map(partOf)
        .filter((to) => to !== from && !everyone.has(to) && meant[`${from} → ${to}`] === undefined)
        .filter((to) => everyone.has(from) || (rank.get(to) ?? 99) >= (rank.get(from) ?? -1));
      expect(wrong).to.deep.equal([]);
    });
  }

  it('gives every folder of src a layer', () => {
    const unknown = files(root)
      .map(partOf)
      .filter((part) => !rank.has(part) && !everyone.has(part));
    expect([...new Set(unknown)]).to.deep.equal([]);
  });
});
