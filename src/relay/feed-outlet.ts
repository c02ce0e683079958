import type { FactsWatch } from './facts-watch.ts';
import type { FeedHome } from './feed-home.ts';
import type { Outlet } from './outlet.ts';

/** What a feed gives goes into the ring, past whoever has to know: the slate makes way, and what the stream carries is read. */
export function feedOutlet(
  out: Outlet,
  slate: { makeWay(): void; started(entry: Parameters<Outlet['entry']>[0]): void },
  facts: Pick<FactsWatch, 'packets' | 'entry'>,
): FeedHome['outlet'] {
  return {
    position: () => out.position(),
    packets: (packets) => {
      out.packets(packets);
      facts.packets(packets);
    },
    entry: (entry) => {
      slate.started(entry);
      out.entry(entry);
      facts.entry(entry);
    },
    settle: () => out.settle(),
    seam: () => {
      slate.makeWay();
      return out.seam();
    },
  };
}
