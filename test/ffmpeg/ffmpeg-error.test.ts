import { expect } from 'chai';
import { ffmpegError } from '../../src/ffmpeg/ffmpeg-error.ts';

const opening = (url: string): string => `[concat @ 0x562fd8376a00] Impossible to open '${url}'\n`;

describe('ffmpegError', () => {
  for (const [said, code] of [
    ['[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized\n', 'UPSTREAM_REFUSED'],
    ['[rtsp @ 0x5] method SETUP failed: 404 Not Found\n', 'UPSTREAM_NOT_FOUND'],
    ['[rtsp @ 0x5] method PLAY failed: 453 Not Enough Bandwidth\n', 'UPSTREAM_CAPACITY'],
    ['[http @ 0x5] HTTP error 403 Forbidden\n', 'UPSTREAM_REFUSED'],
    ['[https @ 0x5] HTTP error 502 Bad Gateway\nServer returned 5XX Server Error reply\n', 'UPSTREAM_ERROR'],
    ['[tcp @ 0x56] Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused\n', 'UPSTREAM_UNREACHABLE'],
    ['[tcp @ 0x55] Failed to resolve hostname nohost: Name or service not known\n', 'UPSTREAM_UNREACHABLE'],
    ['pipe:0: Connection timed out\n', 'UPSTREAM_UNREACHABLE'],
    ['pipe:0: Invalid data found when processing input\n', 'UPSTREAM_BAD_CONTENT'],
    ['pipe:0: Protocol not found\nDid you mean file:pipe:0?\n', 'UPSTREAM_ERROR'],
    ['pipe:0: Input/output error\n', 'UPSTREAM_ERROR'],
    ['', 'UPSTREAM_ERROR'],
  ] as const)
    it(`is ${code} for ${JSON.stringify(said)}`, () => expect(ffmpegError(said).code).to.equal(code));

  it('quotes what ffmpeg said without an address or a secret', () => {
    const url = "rtsp://bob:geh'eim1@tv.example:554/tok3n-55?key=abc123";
    const said = `[tcp @ 0x1] Connection to tcp://tv.example:554?timeout=0 failed: Connection refused\n${opening(url)}[rtsp @ 0x2] user bob, abc123 refused ${url}\npipe:0: Connection refused\n`;
    const { message } = ffmpegError(said, ['bob', "geh'eim1", 'abc123', 'tok3n-55']);
    for (const secret of ['bob', 'eim1', 'abc123', 'tok3n', 'tv.example']) expect(message).to.not.include(secret);
    expect(message).to.match(/^The provider can not be reached \(ffmpeg: ".*Connection refused"\)$/);
    expect(message.length).to.be.below(300);
  });
});
