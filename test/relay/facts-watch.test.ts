import { expect } from 'chai';
import sinon from 'sinon';
import { silentLog } from '../../src/log/log.ts';
import type { CodecFacts } from '../../src/model/codec-facts.ts';
import { buildPmt } from '../../src/mpegts/psi.ts';
import { packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { Prober } from '../../src/probe/prober.ts';
import { FactsWatch } from '../../src/relay/facts-watch.ts';
import { Generation } from '../../src/relay/generation.ts';
import { ffmpegBytes, hasEncoder, needsFfmpeg } from '../support/ffmpeg.ts';
import { adtsFrame, pes, plainPat, pmtPid, syntheticTs, TsWriter } from '../support/ts-builder.ts';

const radioPid = 0x120;
/** Sound of a kind that no header tells of. */
const riddle = buildPmt({
  programNumber: 1,
  pcrPid: radioPid,
  streams: [{ pid: radioPid, streamType: 0x06, descriptors: Buffer.from([0x05, 4, 0x4f, 0x70, 0x75, 0x73]) }],
});

function* radio(): Generator<Buffer, never> {
  const writer = new TsWriter();
  for (let n = 0; ; n++) {
    const tables = n % 10 === 0 ? [writer.section(0, plainPat), writer.section(pmtPid, riddle)] : [];
    const pts = 90_000 + n * 3_600;
    yield Buffer.concat([...tables, writer.unit(radioPid, pes(0xbd, adtsFrame(900), { pts }), { pcr: pts * 300 })]);
  }
}

/** A relay's way from an upstream to the facts. */
function watched(watch: FactsWatch, now: () => number): Generation {
  let position = 0;
  return new Generation(
    {
      position: () => position,
      packets: (packets) => {
        position += packets.length;
        watch.packets(packets);
      },
      entry: (entry) => watch.entry({ ...entry, atMs: now() }),
    },
    () => null,
  );
}

describe('FactsWatch', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['Date', 'performance'] });
  });
  afterEach(() => clock.restore());

  function stage(stream: Generator<Buffer, never>, complete?: (known: CodecFacts) => Promise<CodecFacts>) {
    const told: CodecFacts[] = [];
    const samples: Buffer[] = [];
    const asking = complete && ((known: CodecFacts, sample: Buffer) => (samples.push(sample), complete(known)));
    const watch = new FactsWatch((facts) => told.push(facts), asking ?? null);
    const generation = watched(watch, () => performance.now());
    const play = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds * 25; n++) {
        generation.push(stream.next().value, performance.now());
        clock.tick(40);
      }
      await Promise.resolve();
      await Promise.resolve();
    };
    return { told, samples, watch, play };
  }

  const opus = (known: CodecFacts): Promise<CodecFacts> =>
    Promise.resolve({ ...known, by: 'ffprobe', audio: [{ codec: 'opus', channels: 2 }] });

  it('has completed what the stream does not tell, from its tables on', async () => {
    const { told, samples, play } = stage(radio(), opus);
    await play(40);
    expect(samples).to.have.length(1);
    const [sample = Buffer.alloc(0)] = samples;
    expect([0, 1, 2].map((n) => pidOf(sample, n * packetSize))).to.deep.equal([0, pmtPid, radioPid]);
    expect(sample.length % packetSize).to.equal(0);
    expect(sample.length).to.be.within(10_000, 4_194_304);
    expect(told.map(({ by, audio }) => [by, audio[0]?.channels])).to.deep.equal([['ffprobe', 2]]);
  });

  it('asks no more than once a minute, whatever is opened anew, and tells nothing twice', async () => {
    const { told, samples, watch, play } = stage(radio(), opus);
    await play(25);
    watch.renew();
    await play(25);
    expect([samples.length, told.length]).to.deep.equal([1, 1]);
    await play(100);
    expect(samples.length).to.be.within(2, 3);
    expect(told).to.have.length(1);
  });

  it('asks nobody about a stream that tells all by itself', async () => {
    const { told, samples, play } = stage(syntheticTs(), opus);
    await play(90);
    expect(samples).to.deep.equal([]);
    expect(told.map(({ by }) => by)).to.deep.equal(['stream']);
  });

  it('tells what the stream tells when nobody can be asked', async () => {
    const { told, play } = stage(radio());
    await play(40);
    expect(told.map(({ by }) => by)).to.deep.equal(['stream']);
  });
});

describe(`What ffprobe adds to a live stream${needsFfmpeg}`, function () {
  it('is the channels of Opus sound', async function () {
    if (!hasEncoder('libopus') || !hasEncoder('libx264')) this.skip();
    const picture = '-f lavfi -i testsrc=size=320x180:rate=25 -f lavfi -i anoisesrc=r=48000 -t 8';
    const codecs = '-c:v libx264 -preset veryfast -g 25 -pix_fmt yuv420p -c:a libopus -ac 2';
    const clip = ffmpegBytes(`${picture} ${codecs} -f mpegts`.split(' '));
    const prober = new Prober({ configured: () => '', log: silentLog });
    const told = Promise.withResolvers<CodecFacts>();
    const watch = new FactsWatch(told.resolve, (known, sample) => prober.complete(known, sample));
    const generation = watched(watch, () => 0);
    generation.push(clip, 0);
    const facts = await told.promise;
    expect(facts.by).to.equal('ffprobe');
    expect(facts.video[0]).to.include({ codec: 'h264', width: 320, height: 180 });
    expect(facts.audio[0]).to.include({ codec: 'opus', channels: 2, sampleRate: 48_000 });
    prober.stop();
  });
});
