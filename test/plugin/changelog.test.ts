import { expect } from 'chai';
import { releaseOf } from '../../scripts/build/changelog.ts';

const changelog = `# Changelog

## [Unreleased]

- soon

## [1.2.0] - 2026-11-30

### Added

- this

## [1.1.0] - 2026-10-01
- that

## [1.0.0]
- no day
`;

describe('a changelog', () => {
  const table: readonly (readonly [string, ReturnType<typeof releaseOf>])[] = [
    ['1.2.0', { date: '2026-11-30', text: '### Added\n\n- this' }],
    ['1.1.0', { date: '2026-10-01', text: '- that' }],
    ['1.0.0', null],
    ['2.0.0', null],
    ['Unreleased', null],
  ];
  for (const [version, expected] of table)
    it(`gives ${expected === null ? 'nothing' : 'day and text'} for ${version}`, () => {
      expect(releaseOf(changelog, version)).to.deep.equal(expected);
      expect(releaseOf(changelog.replaceAll('\n', '\r\n'), version)).to.deep.equal(expected);
    });
});
