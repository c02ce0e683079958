import type { Request, Response, Router } from 'express';
import type { z } from 'zod';
import { decode } from '../config/problems.ts';

type Schema = z.ZodType;
type Output<S> = S extends Schema ? z.output<S> : undefined;

/**
 * One route of an API: its address in OpenAPI spelling (`/sources/{id}`), what it takes and what it answers. Express and the OpenAPI
 * document are both made from it, so they can't differ.
 */
export interface Route {
  readonly method: 'get' | 'post' | 'patch' | 'delete' | 'put';
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  /** The answer's status and body; no schema is an empty body or, with `contentType`, another format. */
  readonly answer: {
    readonly status: number;
    readonly schema?: Schema;
    readonly contentType?: string;
    readonly description: string;
  };
  /** Codes of errors.ts that this route is known to answer with, apart from those every route has. */
  readonly errors?: readonly string[];
  readonly handle: (request: Request, response: Response) => Promise<void>;
}

interface Input<P, Q, B> {
  readonly params: Output<P>;
  readonly query: Output<Q>;
  readonly body: Output<B>;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly request: Request;
  readonly response: Response;
}

interface RouteSpec<
  P extends Schema | undefined,
  Q extends Schema | undefined,
  B extends Schema | undefined,
  A extends Schema | undefined,
> extends Omit<Route, 'handle' | 'params' | 'query' | 'body' | 'answer'> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: {
    readonly status: number;
    readonly schema?: A;
    readonly contentType?: string;
    readonly description: string;
  };
  readonly run: (
    input: Input<P, Q, B>,
  ) => Promise<A extends Schema ? z.input<A> : void> | (A extends Schema ? z.input<A> : void);
}

/** A signal that aborts when the client's connection closes before the answer was sent. */
export function clientSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Makes a route whose input is decoded before `run` and whose result becomes the JSON answer. */
export function route<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  A extends Schema | undefined = undefined,
>(spec: RouteSpec<P, Q, B, A>): Route {
  const { run, ...described } = spec;
  return {
    ...(described as Omit<Route, 'handle'>),
    handle: async (request, response) => {
      const input = {
        params: spec.params === undefined ? undefined : decode(spec.params, request.params),
        query: spec.query === undefined ? undefined : decode(spec.query, request.query),
        body: spec.body === undefined ? undefined : decode(spec.body, request.body ?? {}),
        signal: clientSignal(response),
        request,
        response,
      } as Input<P, Q, B>;
      const result = await run(input);
      if (response.headersSent || response.destroyed) return;
      if (spec.answer.schema === undefined) response.status(spec.answer.status).end();
      else response.status(spec.answer.status).json(result);
    },
  };
}

/** Adds routes to an Express router. */
export function mount(router: Router, routes: readonly Route[]): void {
  for (const { method, path, handle } of routes) {
    router[method](path.replaceAll(/\{(\w+)\}/g, ':$1'), (request, response, next) => {
      handle(request, response).catch(next);
    });
  }
}
