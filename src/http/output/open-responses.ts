import type { Response } from 'express';
import type { Config } from '../../config/schema.ts';

/** Answers with media that are under way, by the token they were asked with: revoking a token ends them. */
export class OpenResponses {
  readonly #byToken = new Map<string, Set<Response>>();

  add(token: string, response: Response): void {
    const open = this.#byToken.get(token) ?? new Set<Response>();
    this.#byToken.set(token, open);
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (open.size === 0 && this.#byToken.get(token) === open) this.#byToken.delete(token);
    });
  }

  /** Ends every answer whose token no output has by now. Their `close` releases what they hold. */
  revoke({ outputs }: Config): void {
    const valid = new Set(outputs.map(({ token }) => token));
    for (const [token, open] of this.#byToken) {
      if (valid.has(token)) continue;
      for (const response of open) response.destroy();
    }
  }
}
