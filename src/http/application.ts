import express, { type Express, type Router } from 'express';
import { CoaxError } from '../errors.ts';
import { adminRoutes } from './admin/routes.ts';
import { bearerOf, hasToken, isLoopback, requireAdmin } from './auth.ts';
import { hostApiRoutes } from './host/routes.ts';
import { streamRouter } from './host/stream-router.ts';
import { outputRouter } from './output/router.ts';
import { notFound, problemHandler } from './problem.ts';
import { mount, type Route } from './route.ts';
import type { Services } from './services.ts';

const mostBody = '1mb';

/** An API for those who have the admin's token: JSON in and out, and an answer for each method of its paths. */
function apiRouter(routes: readonly Route[], tokens: readonly string[]): Router {
  const api = express.Router();
  api.use(requireAdmin(tokens));
  api.use(express.json({ limit: mostBody, strict: true, type: ['application/json', 'application/merge-patch+json'] }));
  api.use((request, response, next) => {
    response.set('Cache-Control', 'no-store');
    const hasBody =
      Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined;
    if (hasBody && request.body === undefined)
      next(new CoaxError('BAD_REQUEST', 'The body has to be application/json'));
    else next();
  });
  mount(api, routes);
  // A path that is known, with a method that is not.
  for (const path of new Set(routes.map((item) => item.path))) {
    const methods = routes.filter((item) => item.path === path).map(({ method }) => method.toUpperCase());
    api.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (request, response, next) => {
      response.set('Allow', methods.join(', '));
      next(
        new CoaxError(
          'METHOD_NOT_ALLOWED',
          `${request.method} is not for ${path}; ${methods.join(', ')} ${methods.length === 1 ? 'is' : 'are'}`,
        ),
      );
    });
  }
  return api;
}

/** The Express application: one router per surface, no logic of its own. */
export function createApplication(services: Services, tokens: readonly string[]): Express {
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.set('query parser', 'simple');
  application.set('strict routing', false);

  application.use('/o', outputRouter(services));
  application.use('/s', streamRouter(services));

  application.get('/health/live', (_request, response) => {
    response.json({ live: true });
  });
  application.get('/health/ready', (_request, response) => {
    const health = services.health();
    response.status(health.ready ? 200 : 503).json(health);
  });
  application.get('/metrics', (request, response, next) => {
    const given = bearerOf(request.headers.authorization);
    const allowed =
      given === undefined
        ? isLoopback(request.socket.remoteAddress, request.headers['x-forwarded-for'])
        : hasToken(given, tokens);
    if (!allowed) {
      next(new CoaxError('UNAUTHORIZED', 'Metrics are for this machine, or with the admin token'));
      return;
    }
    services.metrics().then((text) => response.type('text/plain; version=0.0.4').send(text), next);
  });

  application.use('/api/v1', apiRouter(adminRoutes(services), tokens));
  application.use('/host/v1', apiRouter(hostApiRoutes(services), tokens));

  application.get('/', (_request, response) => {
    response
      .type('text/plain')
      .send('Coax is running. The API is at /api/v1/openapi.json; it needs the admin token.\n');
  });
  application.use(notFound);
  application.use(problemHandler(services.log, services.redact));
  return application;
}
