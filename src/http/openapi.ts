import { z } from 'zod';
import { errorTable } from '../errors.ts';
import { type Route, route } from './route.ts';

type Json = Record<string, unknown>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return document;
};

/** Parameters of a path or a query, from an object schema. */
function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'action'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorTable) },
    detail: { type: 'string' },
    action: { type: 'string' },
  },
};

function operationOf(route: Route): Json {
  const { status, schema, contentType, description } = route.answer;
  const content =
    schema === undefined && contentType === undefined
      ? {}
      : {
          content: {
            [contentType ?? 'application/json']: {
              schema: schema === undefined ? { type: 'string' } : schemaOf(schema, 'output'),
            },
          },
        };
  return {
    summary: route.summary,
    tags: [route.tag],
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
        }),
    responses: {
      [status]: { description, ...content },
      default: {
        description:
          route.errors === undefined
            ? 'A problem document'
            : `A problem document; codes of its own: ${route.errors.join(', ')}`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** The OpenAPI 3.1 document of some routes, made from the same objects that serve them. */
export function openApiDocument(
  routes: readonly Route[],
  options: { readonly title: string; readonly version: string; readonly basePath: string },
): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: options.title,
      version: options.version,
      license: { name: 'GPL-3.0-or-later', identifier: 'GPL-3.0-or-later' },
    },
    servers: [{ url: options.basePath }],
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: problemSchema } },
  };
}

/** These routes, and one more that answers with the document of them all. */
export function withDocument(
  routes: readonly Route[],
  options: { readonly title: string; readonly version: string; readonly basePath: string },
): Route[] {
  const document: Route = route({
    method: 'get',
    path: '/openapi.json',
    tag: 'api',
    summary: 'This API as an OpenAPI document',
    answer: { status: 200, schema: z.record(z.string(), z.unknown()), description: 'OpenAPI 3.1' },
    run: () => openApiDocument([...routes, document], options),
  });
  return [...routes, document];
}
