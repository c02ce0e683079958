import { z } from 'zod';
import { openApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';
import { channelRoutes } from './channels.ts';
import { guideRoutes } from './guide.ts';
import { hostRoutes } from './hosts.ts';
import { jobRoutes } from './jobs.ts';
import { libraryRoutes } from './library.ts';
import { outputRoutes } from './outputs.ts';
import { sourceRoutes } from './sources.ts';
import { streamRoutes } from './streams.ts';

/** Every route of the admin API, the document that describes them included. */
export function adminRoutes(services: Services): Route[] {
  const routes: Route[] = [
    ...sourceRoutes(services),
    ...jobRoutes(services),
    ...channelRoutes(services),
    ...guideRoutes(services),
    ...libraryRoutes(services),
    ...streamRoutes(services),
    ...outputRoutes(services),
    ...hostRoutes(services),
  ];
  const describe: Route = route({
    method: 'get',
    path: '/openapi.json',
    tag: 'api',
    summary: 'This API as an OpenAPI document',
    answer: { status: 200, schema: z.record(z.string(), z.unknown()), description: 'OpenAPI 3.1' },
    run: () =>
      openApiDocument([...routes, describe], {
        title: 'Coax admin API',
        version: services.version,
        basePath: '/api/v1',
      }),
  });
  return [...routes, describe];
}
