import { expect } from 'chai';
import { CoaxError } from '../../../src/errors.ts';
import type { CodecFacts } from '../../../src/model/codec-facts.ts';
import type { ChannelId, OutputId } from '../../../src/model/ids.ts';
import type { HostStream } from '../../../src/relay/host/host-stream.ts';
import { HostStreams } from '../../../src/relay/host/host-streams.ts';
import { holdMs, stageHost } from './host-stage.ts';

const facts: CodecFacts = {
  container: 'mpegts',
  video: [{ codec: 'h264' }],
  audio: [],
  subtitles: [],
  observedAt: 1,
  by: 'stream',
};

describe('Facts of the streams of a host', () => {
  const stage = stageHost();
  const { open, pass } = stage;

  const wait = async (stream: HostStream, ms: number) => {
    let told: CodecFacts | null | undefined;
    void stage.streams.factsOf(stream, ms, new AbortController().signal).then((result) => {
      told = result;
    });
    await stage.clock.tickAsync(0);
    return () => told;
  };

  it('are waited for until the stream has told them', async () => {
    let known: CodecFacts | undefined;
    stage.streams = new HostStreams({
      relays: {
        open: (request) => stage.world.relays.open(request),
        hold: (request) => stage.world.relays.hold(request),
        viewOf: (channel) => {
          const view = stage.world.relays.viewOf(channel);
          return view === null || known === undefined ? view : { ...view, facts: known };
        },
      },
      holdMs: () => holdMs,
    });
    const told = await wait(open('c1', 'tv'), 3_000);
    await pass(1_000);
    stage.streams.noteFacts();
    await stage.clock.tickAsync(0);
    expect(told(), 'another stream has told').to.equal(undefined);
    known = facts;
    stage.streams.noteFacts();
    await stage.clock.tickAsync(0);
    expect(told()).to.equal(facts);
  });

  it('are waited for no longer than asked', async () => {
    const told = await wait(open('c1', 'tv'), 3_000);
    await stage.clock.tickAsync(2_900);
    expect(told()).to.equal(undefined);
    await stage.clock.tickAsync(200);
    expect(told()).to.equal(null);
  });

  it('are not waited for when the channel can not be opened', async () => {
    stage.world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
    const told = await wait(open('c1', 'tv'), 3_000);
    await stage.clock.tickAsync(100);
    expect(told()).to.equal(null);
  });

  it('are told at once where they are known from earlier', async () => {
    const stream = stage.streams.open({
      channelId: 'c1' as ChannelId,
      channel: () => stage.world.channel('c1'),
      knownFacts: () => facts,
      outputId: 'default' as OutputId,
      purpose: 'live',
    });
    expect((await wait(stream, 3_000))()).to.equal(facts);
  });
});
