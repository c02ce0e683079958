import { expect } from 'chai';
import fc from 'fast-check';
import { allowedProtocols, concatList } from '../../src/ffmpeg/concat-list.ts';
import { ffmpegProtocols, type FfmpegUpstreamRequest } from '../../src/model/upstream-request.ts';

const request = (url: string, protocol: FfmpegUpstreamRequest['protocol'], headers: Record<string, string> = {}) =>
  ({ kind: 'ffmpeg', url, protocol, headers }) as const;

describe('concatList', () => {
  it('names one address and how to open it', () => {
    expect(
      concatList(request('rtsp://u:p@h/1', 'rtsp', { 'user-agent': 'Mine/1' }), 8_000).split('\n'),
    ).to.include.members([
      'ffconcat version 1.0',
      "file 'rtsp://u:p@h/1'",
      "option rtsp_flags 'prefer_tcp'",
      "option timeout '8000000'",
      "option user_agent 'Mine/1'",
    ]);
  });

  it("takes librtmp's options from behind the address", () => {
    const url = 'rtmp://h/app playpath=key?t=1 swfUrl=http://h/p.swf live=1 timeout=30 file=/etc/passwd';
    const list = concatList(request(url, 'rtmp'), 8_000);
    expect(list).to.include("file 'rtmp://h/app'\n").and.to.include("option rtmp_playpath 'key?t=1'\n");
    expect(list).to.include("option rtmp_swfurl 'http://h/p.swf'\n").and.to.not.include('passwd');
  });

  it('never lets an address or a header write a directive of its own', () => {
    const words = fc.constantFrom(
      "'",
      '\n',
      '\r',
      '\\',
      ' ',
      'file ',
      "file '/etc/passwd'",
      'option x y',
      '#',
      'rtsp://h',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), fc.constantFrom(...ffmpegProtocols), (parts, protocol) => {
        const text = parts.join('');
        const lines = concatList(request(text, protocol, { 'user-agent': text, cookie: text }), 1_000)
          .trimEnd()
          .split('\n');
        expect(lines.filter((line) => line.startsWith('file '))).to.have.length(1);
        for (const line of lines) expect(line).to.match(/^(?:ffconcat version 1\.0|file '.*'|option [a-z_]+ '.*')$/);
        // Each word is closed: outside of quotes there is nothing but a quote behind a backslash.
        for (const line of lines.slice(1)) expect(line).to.match(/^(?:file|option [a-z_]+) (?:'[^']*'|\\')+$/);
      }),
    );
  });

  it('lets no protocol open files', () => {
    for (const protocol of ffmpegProtocols)
      expect(allowedProtocols(protocol).split(',')).to.include('pipe').and.to.not.include.members(['file']);
  });
});
