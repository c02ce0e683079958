import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { ArchiveBody, type ByteSource } from '../../src/catchup/archive-body.ts';
import { TimeLine } from '../../src/catchup/time-line.ts';
import { LiveLoop } from '../support/fake-provider/live-loop.ts';
import { syntheticClip } from '../support/ts-builder.ts';

/** A source that the test drives. */
class HandSource implements ByteSource {
  data: (chunk: Buffer) => void = () => {};
  over: () => void = () => {};
  paused = false;
  destroyed = false;

  start(sink: { readonly data: (chunk: Buffer) => void; readonly over: () => void }): void {
    this.data = sink.data;
    this.over = sink.over;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

describe('the body of an archive', () => {
  let folder = '';
  let loop: LiveLoop;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'coax-body-'));
    writeFileSync(join(folder, 'clip.ts'), syntheticClip(10_000));
    loop = new LiveLoop({ path: join(folder, 'clip.ts'), seconds: 10 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const media = (fromSec: number, toSec: number): Buffer => {
    const at = (sec: number): number => Math.floor((sec * loop.bytesPerSecond) / 188) * 188;
    return loop.read(at(100 + fromSec), at(toSec - fromSec), 1);
  };
  const stage = ({
    size = null,
    wantSec = 0,
    ended = false,
  }: {
    size?: number | null;
    wantSec?: number;
    ended?: boolean;
  } = {}) => {
    const rate = size === null ? 0 : size / 10;
    const line = new TimeLine({ clock: { base: null }, endSec: 10, rate, position: 0, size });
    line.begin({ askedSec: 0, wantSec, start: 'key-frame' });
    const source = new HandSource();
    const body = new ArchiveBody({
      source,
      line,
      replay: [],
      grown: () => {},
      ended: () => ended && line.end(20),
      done: () => {},
    });
    return { line, source, body };
  };

  it('ends with the programme, filled up to its length, and lets go of the source', async () => {
    const size = 188 * 40_000;
    const { source, body } = stage({ size });
    let bytes = 0;
    body.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await turn();
    source.data(media(0, 14));
    await new Promise((resolve) => body.once('end', resolve));
    expect(bytes).to.equal(size);
    expect(source.destroyed).to.equal(true);
  });

  it('breaks when its source ends too early, and ends where that is the end', async () => {
    for (const ended of [false, true]) {
      const { source, body } = stage({ ended });
      body.resume();
      await turn();
      source.data(media(0, 5));
      let isEnd = false;
      body.once('end', () => (isEnd = true));
      const closed = new Promise((resolve) => body.once('close', resolve));
      source.over();
      await closed;
      expect(isEnd).to.equal(ended);
      expect(source.destroyed).to.equal(true);
    }
  });

  it('holds its source back while nobody reads, and goes on when somebody does', async () => {
    const { source, body } = stage();
    body.read(0);
    await turn();
    source.data(media(0, 8));
    expect(source.paused).to.equal(true);
    body.resume();
    await turn();
    await turn();
    expect(source.paused).to.equal(false);
    body.destroy();
  });

  it('says that it is alive while what comes is not wanted yet', async () => {
    const { source, body } = stage({ wantSec: 8 });
    let heard = 0;
    body.on('alive', () => (heard += 1));
    body.read(0);
    await turn();
    for (let sec = 0; sec < 5; sec += 1) source.data(media(sec, sec + 1));
    expect(heard).to.equal(5);
    expect(body.readableLength).to.equal(0);
    body.destroy();
  });
});
