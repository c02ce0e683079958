import { Generation, type GenerationSink, type Inspect } from './generation.ts';
import type { Pacer } from './pacer.ts';
import { RawGeneration } from './raw-generation.ts';
import type { Seam } from './seam.ts';
import type { Upstream } from './upstream.ts';

export interface NextGeneration {
  readonly upstream: Upstream;
  readonly home: GenerationSink & { seam(): Seam | null };
  readonly pacer: Pacer;
  /** Called at each entry point. */
  readonly entered: () => void;
  /** Looks at the packets of a transport stream as they came. */
  readonly inspect?: Inspect;
}

/** What takes the bytes of a connection from now on: they have their own clock, and are joined to what was sent before. */
export function nextGeneration({
  upstream,
  home,
  pacer,
  entered,
  inspect,
}: NextGeneration): Pick<Generation, 'push' | 'finish' | 'flush'> {
  pacer.restart();
  const sink: GenerationSink = {
    position: () => home.position(),
    packets: (packets) => {
      if (upstream.hold !== undefined && upstream.isRawAudio !== true) pacer.note(packets);
      home.packets(packets);
    },
    entry: (entry) => {
      entered();
      home.entry(entry);
    },
  };
  return upstream.isRawAudio === true ? new RawGeneration(sink) : new Generation(sink, () => home.seam(), inspect);
}
