import type { Request } from 'express';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { findByToken } from '../auth.ts';
import { baseUrlOf } from '../base-url.ts';
import type { Services } from '../services.ts';

/** The output whose token is in the path. Whatever is wrong answers 404, so that nobody learns which tokens exist. */
export function outputOf(request: Request, { config }: Services): OutputConfig {
  const token = request.params['token'];
  const found = typeof token === 'string' ? findByToken(config.current.outputs, token) : undefined;
  if (found === undefined) throw new CoaxError('NOT_FOUND', 'There is nothing at this address');
  return found;
}

/** The address of an output as this client reaches it, without a slash at the end. */
export function outputBase(request: Request, output: OutputConfig, { config }: Services): string {
  return `${baseUrlOf(request, config.current.settings.publicUrl)}/o/${output.token}`;
}

/** An id and its extension from the last part of a path such as `c123.ts`. */
export function idAndExt(name: unknown): { readonly id: string; readonly ext: string } {
  const match = typeof name === 'string' ? /^([\w-]{1,100})(?:\.([a-z0-9]{1,8}))?$/i.exec(name) : null;
  if (match === null) throw new CoaxError('NOT_FOUND', 'There is nothing at this address');
  return { id: match[1] ?? '', ext: (match[2] ?? '').toLowerCase() };
}
