import { openCatalogFile } from '../../src/catalog/catalog.ts';
import { ensureFeed, FeedImport } from '../../src/catalog/feed-import.ts';
import { home, programme } from './items.ts';

// Fills half a guide and is then killed, without a chance to tidy up.
const database = openCatalogFile(process.argv[2] ?? '');
const feed = ensureFeed(database, { sourceId: home, name: 'guide', priority: 0 });
const target = new FeedImport(database, feed.id, {
  fromUnix: 0,
  toUnix: 1e9,
  isWanted: () => true,
  spareChannels: 0,
});
target.programmes(Array.from({ length: 20_000 }, (_, index) => programme('a', index * 60, index * 60 + 60, 'half')));
process.kill(process.pid, 'SIGKILL');
