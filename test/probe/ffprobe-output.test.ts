import { expect } from 'chai';
import fc from 'fast-check';
import { readFfprobeOutput } from '../../src/probe/ffprobe-output.ts';

const video = {
  codec_type: 'video',
  codec_name: 'hevc',
  profile: 'Main 10',
  level: 120,
  id: '0x100',
  width: 3840,
  height: 2160,
  avg_frame_rate: '60000/1001',
  pix_fmt: 'yuv420p10le',
  sample_aspect_ratio: '0:1',
  field_order: 'progressive',
  bit_rate: '8000000',
};

describe('readFfprobeOutput', () => {
  it('reads a whole answer', () => {
    const json = JSON.stringify({
      streams: [
        video,
        {
          codec_type: 'audio',
          codec_name: 'eac3',
          profile: 'unknown',
          channels: 6,
          sample_rate: '48000',
          tags: { language: 'fra' },
        },
        { codec_type: 'subtitle', codec_name: 'dvb_subtitle', id: '0x102' },
        { codec_type: 'video', codec_name: 'mjpeg', disposition: { attached_pic: 1 } },
      ],
      format: { format_name: 'matroska,webm', bit_rate: '9000000' },
    });
    expect(readFfprobeOutput(json, 5)).to.deep.equal({
      container: 'matroska',
      video: [
        {
          codec: 'hevc',
          pid: 0x100,
          profile: 'Main 10',
          level: 120,
          width: 3840,
          height: 2160,
          frameRate: 59.94,
          interlaced: false,
          bitDepth: 10,
          bitRate: 8_000_000,
        },
      ],
      audio: [{ codec: 'eac3', channels: 6, sampleRate: 48_000, language: 'fra' }],
      subtitles: [{ codec: 'dvb_subtitle', pid: 0x102 }],
      bitRate: 9_000_000,
      observedAt: 5,
      by: 'ffprobe',
    });
  });

  for (const [name, format, container] of [
    ['a transport stream', 'mpegts', 'mpegts'],
    ['an MP4 file', 'mov,mp4,m4a,3gp,3g2,mj2', 'mp4'],
    ['an AVI file', 'avi', 'avi'],
  ] as const) {
    it(`names the container of ${name}`, () => {
      const json = JSON.stringify({ streams: [video], format: { format_name: format } });
      expect(readFfprobeOutput(json, 0)?.container).to.equal(container);
    });
  }

  it('keeps the good streams beside broken ones', () => {
    const json = JSON.stringify({
      streams: [null, 'x', { codec_type: 'audio' }, { ...video, width: 'wide', level: -99, tags: 4 }],
    });
    const facts = readFfprobeOutput(json, 0);
    expect(facts?.video.length).to.equal(1);
    expect(facts?.video[0]).to.not.have.any.keys('width', 'level');
    expect(facts?.audio).to.deep.equal([]);
  });

  for (const text of ['', 'Segmentation fault', '{}', '[]', 'null', '{"streams":{}}', '{"streams":[]}']) {
    it(`finds nothing in ${JSON.stringify(text)}`, () => {
      expect(readFfprobeOutput(text, 0)).to.equal(null);
    });
  }

  it('never throws, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.jsonValue(), (json, value) => {
        const wrapped = JSON.stringify({ streams: [{ ...video, width: value, tags: value }, value], format: value });
        expect(readFfprobeOutput(wrapped, 0)?.video.length).to.equal(1);
        expect(readFfprobeOutput(json, 0)).to.equal(null);
      }),
    );
  });
});
