import { withDocument } from '../openapi.ts';
import type { Route } from '../route.ts';
import type { Services } from '../services.ts';
import { lineupRoutes } from './lineup.ts';
import { hostStreamRoutes } from './streams.ts';

/** Every route that the plugin of a media server uses, the document that describes them included. */
export function hostApiRoutes(services: Services): Route[] {
  return withDocument([...lineupRoutes(services), ...hostStreamRoutes(services)], {
    title: 'Coax host API',
    version: services.version,
    basePath: '/host/v1',
  });
}
