import { expect } from 'chai';
import type { OpenedMedia } from '../../src/sources/media-client.ts';
import { judgeMedia } from '../../src/sources/media-peek.ts';
import { stageMedia } from './media-stage.ts';

describe('the judge of answers', () => {
  const { serve, raw, open, codeOf, lease } = stageMedia();
  const judge = (opened: OpenedMedia, firstByteTimeoutMs = 10_000) =>
    judgeMedia(opened, { expects: 'live', firstByteTimeoutMs, signal: new AbortController().signal });
  const ts = Buffer.alloc(188 * 10, 1).map((byte, index) => (index % 188 === 0 ? 0x47 : byte)) as unknown as Buffer;

  it('leaves the first bytes in the body', async () => {
    const provider = await serve((_, response) => {
      response.write(ts.subarray(0, 100));
      setImmediate(() => response.end(ts.subarray(100)));
    });
    const opened = await open(provider.url());
    expect(await judge(opened)).to.deep.equal({ kind: 'media', container: 'mpegts', offset: 0 });
    expect(Buffer.concat(await opened.body.toArray()).equals(Buffer.from(ts))).to.equal(true);
  });

  for (const length of ['with', 'without']) {
    it(`reads a body of one packet ${length} a length to its end`, async () => {
      const provider = await raw((socket) => {
        const head = length === 'with' ? 'HTTP/1.1 200 OK\r\nContent-Length: 188\r\n\r\n' : 'HTTP/1.0 200 OK\r\n\r\n';
        socket.end(Buffer.concat([Buffer.from(head), ts.subarray(0, 188)]));
      });
      const opened = await open(provider.url());
      expect(await judge(opened)).to.include({ kind: 'media' });
      expect(Buffer.concat(await opened.body.toArray())).to.have.length(188);
    });
  }

  it('finds a stream behind a PHP warning that came first', async () => {
    const provider = await serve((_, response) => {
      response.write('<b>Warning</b>: something is deprecated\n'.repeat(30));
      setTimeout(() => response.write(ts), 20);
    });
    const opened = await open(provider.url());
    expect(await judge(opened)).to.include({ kind: 'media', container: 'mpegts' });
  });

  it('quotes the page of an error', async () => {
    const provider = await serve((_, response) => response.writeHead(403).end('Blocked in your country'));
    const verdict = await judge(await open(provider.url()));
    expect(verdict.kind === 'refused' && verdict.error.message).to.contain('Blocked in your country');
    await lease().closeSocket();
    expect(lease().reopenDelayMs).to.equal(0);
  });

  it('says UPSTREAM_STALLED when no byte comes', async () => {
    const provider = await serve((_, response) => response.writeHead(200).flushHeaders());
    expect(await codeOf(judge(await open(provider.url()), 30))).to.equal('UPSTREAM_STALLED');
  });

  it('calls an empty body one', async () => {
    const provider = await serve((_, response) => response.end());
    const verdict = await judge(await open(provider.url()));
    expect(verdict.kind === 'refused' && verdict.error.message).to.contain('empty');
  });

  for (const length of ['with', 'without']) {
    it(`says UPSTREAM_UNREACHABLE when the connection breaks before the first byte of a body ${length} a length`, async () => {
      const provider = await raw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${length === 'with' ? 'Content-Length: 9\r\n' : ''}\r\n`);
      });
      const opened = await open(provider.url());
      for (const socket of provider.sockets) socket.resetAndDestroy();
      expect(await codeOf(judge(opened))).to.equal('UPSTREAM_UNREACHABLE');
    });
  }

  it('is CANCELLED by an abort', async () => {
    const provider = await serve((_, response) => response.writeHead(200).flushHeaders());
    const gone = new AbortController();
    const opened = await open(provider.url());
    const judging = judgeMedia(opened, { expects: 'live', firstByteTimeoutMs: 1_000, signal: gone.signal });
    gone.abort();
    expect(await codeOf(judging)).to.equal('CANCELLED');
  });
});
