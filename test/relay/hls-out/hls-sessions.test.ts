import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import { CoaxError, type ErrorCode } from '../../../src/errors.ts';
import type { ChannelId, OutputId, SessionId } from '../../../src/model/ids.ts';
import type { LiveConsumer, LiveRequest, PlayableChannel, RingReader } from '../../../src/relay/contract.ts';
import type { HlsRequest, HlsSession } from '../../../src/relay/hls-out/hls-session.ts';
import { HlsSessions } from '../../../src/relay/hls-out/hls-sessions.ts';
import { fakeTime } from '../../support/fake-time.ts';
import { HlsValidator } from '../../support/hls-validator.ts';
import { viewer } from '../stage.ts';
import { CutStage, pictures } from './cut-stage.ts';

/** A relay without a network: its ring is fed by the test. */
class FakeRelay {
  readonly stage = new CutStage({ reads: false });
  readonly readers = new Set<RingReader>();
  readonly requests: LiveRequest[] = [];
  fails: ErrorCode | null = null;
  #frames = pictures({ gops: [25], frames: 100_000 });

  /** Sends seconds of the channel. */
  send(seconds: number): void {
    const frames = Array.from({ length: seconds * 25 }, () => this.#frames.next().value as Buffer);
    this.stage.feed(frames, 10_000, performance.now());
    for (const reader of this.readers) reader.grown();
  }

  end(code: ErrorCode): void {
    const readers = [...this.readers];
    this.readers.clear();
    for (const reader of readers) reader.ended(new CoaxError(code));
  }

  open(request: LiveRequest): Promise<LiveConsumer> {
    this.requests.push(request);
    if (this.fails !== null) return Promise.reject(new CoaxError(this.fails));
    let mine: RingReader | null = null;
    const leave = (): void => {
      if (mine !== null) this.readers.delete(mine);
    };
    return Promise.resolve({
      relayId: 'live-1' as SessionId,
      ring: this.stage.outlet.ring,
      pipe: () => {},
      read: (reader: RingReader) => {
        mine = reader;
        this.readers.add(reader);
      },
      took: () => {},
      onLeft: () => {},
      leave,
    } as unknown as LiveConsumer);
  }
}

const channel: PlayableChannel = { channelId: 'c1' as ChannelId, name: 'One', streams: [] };
const here = new AbortController().signal;
const settings = { segmentMs: 2_000, windowMs: 16_000, idleTargets: 3, holdMs: 8_000, maxBytes: 1e9 };
const request = (changes: Partial<HlsRequest> = {}): HlsRequest => ({
  channelId: 'c1' as ChannelId,
  outputId: 'o1' as OutputId,
  token: 'secret',
  viewer: viewer('tv'),
  ...changes,
});

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'none',
    (error: unknown) => (error instanceof CoaxError ? error.code : String(error)),
  );
}

describe('HlsSessions', () => {
  let clock: SinonFakeTimers;
  let relay: FakeRelay;
  let hls: HlsSessions;
  beforeEach(() => {
    clock = fakeTime();
    relay = new FakeRelay();
    hls = new HlsSessions({ relays: { open: (live) => relay.open(live) }, settings: () => settings });
  });
  afterEach(() => {
    hls.stop();
    clock.restore();
  });

  const begin = async (changes: Partial<HlsRequest> = {}): Promise<HlsSession> => {
    const session = hls.create(request(changes));
    await session.playlist(channel, here);
    return session;
  };
  const sequences = (playlist: Buffer): number[] =>
    [...playlist.toString().matchAll(/^(\d+)\.ts$/gm)].map(([, n]) => Number(n));
  const text = (session: HlsSession): Buffer => session.channel.playlist(0);
  /** Takes a segment, as a player does at once. */
  const plays = (session: HlsSession): void => {
    expect(session.segment(session.channel.newest?.sequence ?? -1)).not.to.equal(null);
  };

  it('ask for a connection with the first media playlist, not before', async () => {
    const session = hls.create(request());
    relay.send(10);
    expect(relay.requests).to.have.length(0);
    const got = await session.playlist(channel, here);
    expect(relay.requests).to.have.length(1);
    expect(sequences(got).length).to.be.at.least(4);
  });

  it('wait for the first segments, and tell when to come back where that takes too long', async () => {
    const session = hls.create(request());
    const late = codeOf(session.playlist(channel, here));
    await clock.tickAsync(8_000);
    expect(await late).to.equal('STREAM_STARTING');
    const waiting = session.playlist(channel, here);
    await clock.tickAsync(1_000);
    relay.send(5);
    expect(sequences(await waiting)).to.have.length(2);
    expect(relay.requests).to.have.length(1);
  });

  it('share one time line, and end one by one', async () => {
    relay.send(10);
    const [one, two] = [await begin(), await begin()];
    expect(one.id).not.to.equal(two.id);
    expect(one.channel).to.equal(two.channel);
    plays(one);
    plays(two);
    for (let n = 0; n < 8; n++) {
      await clock.tickAsync(2_000);
      relay.send(2);
      await one.playlist(channel, here);
    }
    expect(one.ended).to.equal(null);
    expect(two.ended?.code).to.equal('SESSION_ENDED');
    expect(relay.readers.size).to.equal(1);
    expect(() => hls.get(two.id, request()))
      .to.throw(CoaxError)
      .with.property('code', 'SESSION_ENDED');
  });

  it('give their place back soon when they only looked, and take it again', async () => {
    relay.send(10);
    const session = await begin();
    const first = sequences(text(session));
    await clock.tickAsync(3_500);
    expect(relay.readers.size).to.equal(0);
    expect(session.ended).to.equal(null);
    relay.send(4);
    await session.playlist(channel, here);
    await clock.tickAsync(10);
    expect(relay.readers.size).to.equal(1);
    const after = sequences(text(session));
    expect(after.at(-1)).to.be.above(first.at(-1) ?? 0);
    await clock.tickAsync(61_000);
    expect(session.ended?.code).to.equal('SESSION_ENDED');
  });

  it('leave in the turn in which the last one goes who waits for the first segments', async () => {
    const session = hls.create(request());
    const gone = new AbortController();
    const waiting = codeOf(session.playlist(channel, gone.signal));
    await clock.tickAsync(10);
    expect(relay.readers.size).to.equal(1);
    gone.abort();
    expect(await waiting).to.equal('CANCELLED');
    expect(relay.readers.size).to.equal(0);
  });

  it('go on in the same playlist when their relay is over and another one comes', async () => {
    const validator = new HlsValidator();
    relay.send(10);
    const session = await begin();
    plays(session);
    validator.playlist(text(session).toString());
    const old = relay;
    relay = new FakeRelay();
    old.end('UPSTREAM_ENDED');
    for (let n = 0; n < 10; n++) {
      const answer = session.playlist(channel, here);
      await clock.tickAsync(2_100);
      validator.playlist((await answer).toString());
      relay.send(2);
    }
    expect(relay.readers.size).to.equal(1);
    expect(validator.problems).to.deep.equal([]);
    expect(validator.last?.segments.some(({ discontinuity }) => discontinuity)).to.equal(true);
  });

  it('begin with what is read now, not with what a player before saw', async () => {
    relay.send(10);
    const first = await begin();
    const old = sequences(text(first));
    await clock.tickAsync(3_500);
    relay = new FakeRelay();
    const second = hls.create(request());
    const waiting = second.playlist(channel, here);
    await clock.tickAsync(100);
    relay.send(5);
    const got = sequences(await waiting);
    expect(got).to.have.length(2);
    expect(got[0]).to.be.above(old.at(-1) ?? 0);
    // At an address the beginning of a playlist stays what it was.
    expect(sequences(await first.playlist(channel, here)).slice(0, 2)).to.deep.equal(old.slice(0, 2));
  });

  it('are silent when they ask for nothing for longer than a player would', async () => {
    relay.send(10);
    const session = await begin();
    plays(session);
    const isSilent = (): boolean => [...relay.readers].every((reader) => reader.isSilent?.() === true);
    await clock.tickAsync(4_000);
    expect(isSilent()).to.equal(false);
    await clock.tickAsync(1_000);
    expect(isSilent()).to.equal(true);
    const answer = session.playlist(channel, here);
    await clock.tickAsync(2_500);
    await answer;
    expect(isSilent()).to.equal(false);
  });

  it('number on where the last player stopped when the channel is cut anew', async () => {
    relay.send(10);
    const first = await begin();
    const last = sequences(text(first)).at(-1) ?? 0;
    first.end(new CoaxError('SESSION_ENDED'));
    await clock.tickAsync(1_000);
    const again = await begin();
    expect(again.channel).not.to.equal(first.channel);
    expect(sequences(text(again))[0]).to.be.above(last);
  });

  for (const code of ['TAKEN_OVER', 'STREAM_STOPPED'] as const)
    it(`are over when their relay ends with ${code}`, async () => {
      relay.send(10);
      const session = await begin();
      relay.end(code);
      expect(await codeOf(session.playlist(channel, here))).to.equal(code);
      expect(relay.requests).to.have.length(1);
    });

  it('tell each time why their channel can not be opened, and try again', async () => {
    relay.fails = 'NO_CAPACITY';
    const session = hls.create(request());
    expect(await codeOf(session.playlist(channel, here))).to.equal('NO_CAPACITY');
    expect(await codeOf(session.playlist(channel, here))).to.equal('NO_CAPACITY');
    expect(relay.requests).to.have.length(2);
    relay.fails = null;
    relay.send(10);
    expect(sequences(await session.playlist(channel, here)).length).to.be.at.least(2);
  });

  it("end with their output, and are nobody else's", async () => {
    relay.send(10);
    const session = await begin();
    for (const wrong of [{ token: 'other' }, { channelId: 'c2' as ChannelId }])
      expect(() => hls.get(session.id, request(wrong)))
        .to.throw(CoaxError)
        .with.property('code', 'NOT_FOUND');
    hls.revoke(new Set(['secret']));
    expect(session.ended).to.equal(null);
    hls.revoke(new Set(['other']));
    expect(session.ended?.code).to.equal('NOT_FOUND');
    expect(relay.readers.size).to.equal(0);
    expect(hls.size).to.equal(0);
  });

  it('hold a request for a playlist that the player has, until there is a new one', async () => {
    relay.send(10);
    const session = await begin();
    let answered = false;
    const next = session.playlist(channel, here).then(() => {
      answered = true;
    });
    await clock.tickAsync(500);
    expect(answered).to.equal(false);
    relay.send(3);
    await next;
    const idle = session.playlist(channel, here);
    await clock.tickAsync(2_100);
    await idle;
  });
});
