import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generatedDocs } from '../scripts/generated-docs.ts';
import { errorTable } from '../src/errors.ts';

const root = join(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

describe('the documentation', () => {
  for (const [name, text] of Object.entries(generatedDocs())) {
    it(`docs/${name} is what the source says now (npm run docs)`, () => {
      expect(readFileSync(join(root, 'docs', name), 'utf8')).to.equal(text);
    });
  }

  it('has no error code that nothing uses', () => {
    const all = sources(join(root, 'src'))
      .join('\n')
      .replace(/export const errorTable[\s\S]*?as const satisfies/, '');
    const unused = Object.keys(errorTable).filter((code) => !all.includes(`'${code}'`));
    expect(unused).to.deep.equal([]);
  });

  it('links only to files that are there', () => {
    const pages = [
      join(root, 'README.md'),
      ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(root, 'docs', name)),
    ];
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => join(page, '..', match[1] ?? ''))
        .filter((target) => {
          try {
            readdirSync(join(target, '..'));
            readFileSync(target);
            return false;
          } catch (error) {
            return (error as NodeJS.ErrnoException).code !== 'EISDIR';
          }
        }),
    );
    expect(broken).to.deep.equal([]);
  });
});
