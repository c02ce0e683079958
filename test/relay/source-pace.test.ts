import { expect } from 'chai';
import type { CodecFacts } from '../../src/model/codec-facts.ts';
import type { ChannelId, SourceId, StreamId } from '../../src/model/ids.ts';
import { mayLeadIn, PaceMeter, SourcePace } from '../../src/relay/source-pace.ts';

const rate = 375_000;

/** What a meter tells of a provider that sends `backlogSeconds` at once and then at the pace of the channel. */
function told(backlogSeconds: number, meter = new PaceMeter()): boolean | null {
  meter.began(0, 10_000);
  let result: boolean | null = null;
  for (let second = 0; second <= 20; second++) {
    const verdict = meter.sample(rate * (backlogSeconds + second), 10_000 + second * 1_000);
    if (verdict !== null) {
      expect(result, 'told once').to.equal(null);
      result = verdict;
    }
  }
  return result;
}

describe('The pace of a source', () => {
  for (const [seconds, slow] of [
    [0, true],
    [1, true],
    [3, false],
    [10, false],
  ] as const)
    it(`is ${slow ? 'that of the channel' : 'ahead of it'} with ${seconds} s of backlog`, () => {
      expect(told(seconds)).to.equal(slow);
    });

  it('is measured anew for each connection, and not while it sends nothing', () => {
    const meter = new PaceMeter();
    expect([told(0, meter), told(10, meter)]).to.deep.equal([true, false]);
    meter.began(0, 0);
    for (let second = 1; second < 20; second++) expect(meter.sample(0, second * 1_000)).to.be.oneOf([null, false]);
  });

  it('is known of the source of the first stream', () => {
    const pace = new SourcePace();
    const channel = (source: string) => ({
      channelId: 'c' as ChannelId,
      name: 'c',
      streams: [
        {
          streamId: 's' as StreamId,
          sourceId: source as SourceId,
          accounts: [],
          request: () => ({ kind: 'http' as const, urls: [], headers: {} }),
        },
      ],
    });
    pace.note('a' as SourceId, true);
    pace.note('b' as SourceId, null);
    pace.note(undefined, true);
    expect(['a', 'b'].map((source) => pace.isSlow(channel(source)))).to.deep.equal([true, false]);
    pace.note('a' as SourceId, false);
    expect(pace.isSlow(channel('a'))).to.equal(false);
  });
});

describe('A lead-in', () => {
  const video = { codec: 'h264', width: 1_280, height: 720 };
  const audio = { codec: 'aac', channels: 2, sampleRate: 48_000 };
  const facts = (changes: object, sound: object = {}): CodecFacts => ({
    container: 'mpegts',
    video: [{ ...video, ...changes }],
    audio: [{ ...audio, ...sound }],
    subtitles: [],
    observedAt: 0,
    by: 'stream',
  });
  const rows: readonly (readonly [string, CodecFacts | null, boolean])[] = [
    ['H.264 in a size there is a picture of, with stereo at 48 kHz', facts({}), true],
    ['nothing known', null, false],
    ['HEVC', facts({ codec: 'hevc' }), false],
    ['an odd size', facts({ width: 1_440, height: 1_080 }), false],
    ['interlaced pictures', facts({ interlaced: true }), false],
    ['sound at 44.1 kHz', facts({}, { sampleRate: 44_100 }), false],
    ['5.1', facts({}, { channels: 6 }), false],
    ['HE-AAC', facts({}, { profile: 'HE-AACv2' }), false],
  ];
  for (const [what, known, fits] of rows)
    it(`${fits ? 'fits' : 'does not fit'} ${what}`, () => {
      expect(mayLeadIn(known)).to.equal(fits);
    });
});
