import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { CoaxError } from '../errors.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares two secrets in a time that does not depend on where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The item whose token is `given`. Every item is looked at, so the time tells nothing about which one, or how much of it, was right. */
export function findByToken<Item extends { readonly token: string }>(
  items: readonly Item[],
  given: string,
): Item | undefined {
  const wanted = digest(given);
  let found: Item | undefined;
  for (const item of items) if (timingSafeEqual(digest(item.token), wanted)) found = item;
  return found;
}

/** The token of an Authorization header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/** True when the request's bearer is one of these. */
export function hasToken(given: string, tokens: readonly string[]): boolean {
  return tokens.map((token) => sameSecret(given, token)).includes(true);
}

/** Lets only requests through that carry one of the admin's tokens. */
export function requireAdmin(tokens: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const given = bearerOf(request.headers.authorization);
    if (given !== undefined && hasToken(given, tokens)) {
      next();
      return;
    }
    response.set('WWW-Authenticate', 'Bearer realm="coax"');
    next(
      new CoaxError(
        'UNAUTHORIZED',
        given === undefined ? 'The request carries no token' : 'The token is not the admin token',
      ),
    );
  };
}

/** True for a connection from this machine that no proxy has passed on. */
export function isLoopback(address: string | undefined, forwarded: unknown): boolean {
  return forwarded === undefined && /^(127\.|::1$|::ffff:127\.)/.test(address ?? '');
}
