import { withDocument } from '../openapi.ts';
import type { Route } from '../route.ts';
import type { Services } from '../services.ts';
import { breakerRoutes } from './breakers.ts';
import { channelRoutes } from './channels.ts';
import { channelStreamRoutes } from './channel-streams.ts';
import { guideRoutes } from './guide.ts';
import { hostRoutes } from './hosts.ts';
import { jobRoutes } from './jobs.ts';
import { libraryRoutes } from './library.ts';
import { outputRoutes } from './outputs.ts';
import { sourceRoutes } from './sources.ts';
import { streamRoutes } from './streams.ts';
import { transcodeRoutes } from './transcode.ts';

/** Every route of the admin API, the document that describes them included. */
export function adminRoutes(services: Services): Route[] {
  const routes = [
    ...sourceRoutes(services),
    ...jobRoutes(services),
    ...channelRoutes(services),
    ...channelStreamRoutes(services),
    ...guideRoutes(services),
    ...libraryRoutes(services),
    ...streamRoutes(services),
    ...breakerRoutes(services),
    ...transcodeRoutes(services),
    ...outputRoutes(services),
    ...hostRoutes(services),
  ];
  return withDocument(routes, { title: 'Coax admin API', version: services.version, basePath: '/api/v1' });
}
