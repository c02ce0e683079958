import { z } from 'zod';
import { openApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';
import { lineupRoutes } from './lineup.ts';
import { hostStreamRoutes } from './streams.ts';

/** Every route that the plugin of a media server uses, the document that describes them included. */
export function hostApiRoutes(services: Services): Route[] {
  const routes: Route[] = [...lineupRoutes(services), ...hostStreamRoutes(services)];
  const describe: Route = route({
    method: 'get',
    path: '/openapi.json',
    tag: 'api',
    summary: 'This API as an OpenAPI document',
    answer: { status: 200, schema: z.record(z.string(), z.unknown()), description: 'OpenAPI 3.1' },
    run: () =>
      openApiDocument([...routes, describe], {
        title: 'Coax host API',
        version: services.version,
        basePath: '/host/v1',
      }),
  });
  return [...routes, describe];
}
