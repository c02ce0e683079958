import { expect } from 'chai';
import type { CodecFacts } from '../../src/model/codec-facts.ts';
import { completeFacts } from '../../src/probe/complete-facts.ts';

const facts = (part: Partial<CodecFacts>): CodecFacts => ({
  container: 'mpegts',
  video: [],
  audio: [],
  subtitles: [],
  observedAt: 1,
  by: 'stream',
  ...part,
});

describe('completeFacts', () => {
  it('fills what the stream did not tell and keeps what it did', () => {
    const known = facts({
      video: [{ pid: 256, codec: 'vc1' }],
      audio: [{ pid: 257, codec: 'dts', language: 'deu' }],
      bitRate: 8_000_000,
    });
    const probed = facts({
      by: 'ffprobe',
      observedAt: 2,
      bitRate: 7,
      video: [{ pid: 256, codec: 'vc1', width: 1280, height: 720 }],
      audio: [{ pid: 257, codec: 'dts', channels: 6, language: 'eng' }],
    });
    expect(completeFacts(known, probed)).to.deep.equal({
      ...known,
      by: 'ffprobe',
      video: [{ pid: 256, codec: 'vc1', width: 1280, height: 720 }],
      audio: [{ pid: 257, codec: 'dts', channels: 6, language: 'deu' }],
    });
  });

  it('believes ffprobe where the two name different codecs', () => {
    const known = facts({ audio: [{ pid: 257, codec: 'mp2' }] });
    const probed = facts({ audio: [{ pid: 257, codec: 'mp3', channels: 2 }] });
    expect(completeFacts(known, probed).audio).to.deep.equal([{ pid: 257, codec: 'mp3', channels: 2 }]);
  });

  it('takes probed streams in their order when they carry no pids, and all of them when none was known', () => {
    const probed = facts({ video: [{ codec: 'av1', width: 640 }], audio: [{ codec: 'opus', channels: 2 }] });
    expect(completeFacts(facts({ video: [{ pid: 256, codec: 'av1' }] }), probed)).to.deep.include({
      video: [{ pid: 256, codec: 'av1', width: 640 }],
      audio: [{ codec: 'opus', channels: 2 }],
    });
  });

  it('keeps a stream that ffprobe did not find', () => {
    expect(
      completeFacts(facts({ subtitles: [{ pid: 300, codec: 'dvb_subtitle' }] }), facts({})).subtitles,
    ).to.deep.equal([{ pid: 300, codec: 'dvb_subtitle' }]);
  });
});
