import { expect } from 'chai';
import { HlsValidator, readSnapshot } from './hls-validator.ts';
import { syntheticClip } from './ts-builder.ts';

interface Parts {
  readonly target?: number;
  readonly sequence?: number;
  readonly discontinuities?: number;
  readonly segments?: readonly string[];
  readonly more?: string;
}

function playlist({
  target = 4,
  sequence = 5,
  discontinuities = 0,
  segments = ['2.0', '2.0'],
  more = '',
}: Parts = {}): string {
  const lines = segments.map((seconds, n) => {
    const [length = '', tag] = seconds.split(' ');
    return `${tag === undefined ? '' : '#EXT-X-DISCONTINUITY\n'}#EXTINF:${length},\n${sequence + n}.ts\n`;
  });
  return `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:${target}\n#EXT-X-MEDIA-SEQUENCE:${sequence}\n#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}\n${more}${lines.join('')}`;
}

describe('the validator of HLS', () => {
  it('has nothing to say of playlists that slide', () => {
    const validator = new HlsValidator();
    const long = Array.from({ length: 8 }, () => '2.0');
    for (let n = 0; n < 5; n++) validator.playlist(playlist({ sequence: 5 + n, segments: long }));
    expect(validator.problems).to.deep.equal([]);
  });

  const bad: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
    ['a missing first line', playlist().slice(1), /first line/],
    ['a missing target duration', playlist().replace(/#EXT-X-TARGET.*\n/, ''), /TARGETDURATION is missing/],
    ['a target duration with a fraction', playlist().replace('DURATION:4', 'DURATION:4.5'), /TARGETDURATION is 4.5/],
    ['a segment longer than the target', playlist({ segments: ['2.0', '4.6'] }), /longer than the target/],
    ['an address without a duration', playlist().replace('#EXTINF:2.0,\n', ''), /has no EXTINF/],
    ['a duration without its comma', playlist().replace('2.0,', '2.0'), /no duration with a comma/],
    ['a tag that comes twice', playlist({ more: '#EXT-X-TARGETDURATION:4\n' }), /comes twice/],
    [
      'durations with fractions in version 2',
      playlist({ segments: ['1.5'] }).replace('VERSION:6', 'VERSION:2'),
      /version 3/,
    ],
    ['a date without its zone', playlist({ more: '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00\n' }), /date and time/],
    [
      'a sequence behind the first segment',
      `${playlist().replace(/#EXT-X-MEDIA-SEQ.*\n/, '')}#EXT-X-MEDIA-SEQUENCE:5\n`,
      /after the first segment/,
    ],
  ];
  for (const [what, text, problem] of bad)
    it(`finds ${what}`, () => {
      expect(readSnapshot(text).problems.join('\n')).to.match(problem);
    });

  const long = Array.from({ length: 8 }, () => '2.0');
  const changes: readonly (readonly [what: string, before: Parts, after: Parts, problem: RegExp])[] = [
    ['another target duration', {}, { target: 5 }, /target duration was 4 and is 5/],
    ['a sequence that goes back', {}, { sequence: 4 }, /went back/],
    ['segments that go from the end', { segments: long }, { segments: long.slice(1) }, /from the end/],
    ['another duration of the same segment', {}, { segments: ['2.0', '2.1'] }, /segment 6 was/],
    ['a discontinuity that appears later', {}, { segments: ['2.0', '2.0 d'] }, /segment 6 was/],
    [
      'a discontinuity that left without being counted',
      { segments: ['2.0 d', ...long] },
      { sequence: 6, segments: long },
      /discontinuity sequence has to be 1/,
    ],
    ['a playlist that became too short', { segments: long }, { sequence: 8, segments: long.slice(3) }, /three target/],
  ];
  for (const [what, before, after, problem] of changes)
    it(`finds ${what}`, () => {
      const validator = new HlsValidator();
      validator.playlist(playlist(before));
      expect(validator.problems).to.deep.equal([]);
      validator.playlist(playlist(after));
      expect(validator.problems.join('\n')).to.match(problem);
    });

  const clip = syntheticClip(4_000);
  const second = syntheticClip(4_000).subarray(0);
  const checked = (bytes: Buffer, text = playlist({ segments: ['4.0'] })): string => {
    const validator = new HlsValidator();
    validator.playlist(text);
    validator.segment(5, bytes);
    return validator.problems.join('\n');
  };

  it('takes a segment that is what its playlist says', () => {
    expect(checked(clip)).to.equal('');
  });

  it('finds what is wrong with the bytes of a segment', () => {
    const independent = playlist({ segments: ['4.0'], more: '#EXT-X-INDEPENDENT-SEGMENTS\n' });
    expect(checked(clip.subarray(188))).to.match(/begin with a PAT/);
    expect(checked(clip.subarray(0, clip.length - 100))).to.match(/no whole packets/);
    expect(checked(Buffer.concat([clip.subarray(0, 188 * 50), clip.subarray(188 * 53)]))).to.match(/counts/);
    expect(checked(clip, playlist({ segments: ['3.5'] }))).to.match(/lasts 4.000 s and is listed with 3.5/);
    const tables = clip.subarray(0, 376);
    const late = Buffer.concat([tables, clip.subarray(clip.length / 8 - ((clip.length / 8) % 188))]);
    expect(checked(late, independent)).to.match(/key frame|goes on with a unit/);
  });

  it('finds segments that do not go on where the one before ended', () => {
    const validator = new HlsValidator();
    validator.playlist(playlist({ segments: ['4.0', '4.0'] }));
    validator.segment(5, clip);
    validator.segment(6, second);
    expect(validator.problems.join('\n'))
      .to.match(/counts 0 after/)
      .and.to.match(/a step back/);
  });

  it('takes segments that do not go on, where a discontinuity says so', () => {
    const validator = new HlsValidator();
    validator.playlist(playlist({ segments: ['4.0', '4.0 d'] }));
    validator.segment(5, clip);
    validator.segment(6, second);
    expect(validator.problems).to.deep.equal([]);
  });
});
