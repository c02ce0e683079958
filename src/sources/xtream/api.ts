import { CoaxError } from '../../errors.ts';
import { type JsonItem, readJsonItems } from '../../text/json-items.ts';
import type { LoginReport } from '../contract.ts';
import { asObject } from '../lenient.ts';
import type { ProviderClient } from '../provider-client.ts';
import { isSourceFailure } from '../source-failure.ts';
import { readLogin } from './login.ts';
import { apiUrl, type XtreamLogin, xmltvUrl } from './url.ts';

/** A panel answers any action with the account when it does not know it, or no longer knows the login. */
export function isAccount(answer: unknown): boolean {
  return asObject(answer) !== undefined && 'user_info' in (answer as object);
}

const accountInstead = (what: string): CoaxError =>
  new CoaxError('SOURCE_NOT_A_LIST', `The provider answered with the account instead of ${what}`, {
    details: { answer: 'account' },
  });

export interface ListedItems {
  readonly items: number;
}

/** The calls of a panel's API, on whichever of its addresses answers. */
export class XtreamApi {
  readonly #client: ProviderClient;
  readonly #bases: readonly string[];

  constructor(client: ProviderClient, bases: readonly string[]) {
    this.#client = client;
    this.#bases = bases;
  }

  #urls(login: XtreamLogin, action?: string, parameters?: Readonly<Record<string, string>>): readonly string[] {
    return this.#bases.map((base) => apiUrl(base, login, action, parameters));
  }

  /** `pastDays`: how far back it should go, for panels that can be told; the others give a day or none. */
  guideUrls(login: XtreamLogin, pastDays = 0): readonly string[] {
    const more = pastDays > 2 ? `&prev_days=${pastDays}` : '';
    return this.#bases.map((base) => xmltvUrl(base, login) + more);
  }

  /** Tries a login. What the provider says or fails to say becomes a report; only CANCELLED is thrown. */
  async login(login: XtreamLogin, signal: AbortSignal, attempts?: number): Promise<LoginReport> {
    if (login.username === '') return { ok: false, code: 'SOURCE_LOGIN_REFUSED', message: 'There is no user name' };
    try {
      const answer = await this.#client.readJson({
        urls: this.#urls(login),
        signal,
        maxBytes: 1024 * 1024,
        ...(attempts === undefined ? {} : { attempts }),
      });
      return readLogin(answer, Date.now() / 1000);
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      return { ok: false, ...loginFailure(error) };
    }
  }

  /** A small answer of any shape. Throws SOURCE_NOT_A_LIST for the account instead of it. */
  async call(
    login: XtreamLogin,
    action: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
    attempts?: number,
  ): Promise<unknown> {
    const urls = this.#urls(login, action, parameters);
    const answer = await this.#client.readJson({ urls, signal, ...(attempts === undefined ? {} : { attempts }) });
    if (isAccount(answer) && asObject(answer)?.['episodes'] === undefined) throw accountInstead('what was asked for');
    return answer;
  }

  /**
   * Reads a list item by item. `begin` is called at each start: a read that breaks off is begun anew. Throws SOURCE_NOT_A_LIST for
   * anything but a list, SOURCE_TRUNCATED for one cut short.
   */
  async list(
    login: XtreamLogin,
    action: string,
    parameters: Readonly<Record<string, string>>,
    sink: { readonly begin: () => void; readonly item: (item: JsonItem) => void },
    signal: AbortSignal,
    attempts?: number,
  ): Promise<ListedItems> {
    const urls = this.#urls(login, action, parameters);
    const request = { urls, expect: 'json' as const, signal, ...(attempts === undefined ? {} : { attempts }) };
    return this.#client.read(request, async ({ chunks }) => {
      sink.begin();
      const items = readJsonItems(chunks);
      for await (const item of items) sink.item(item);
      const summary = items.summary;
      if (isAccount(summary?.object)) throw accountInstead('a list');
      if (summary?.form === 'empty') throw new CoaxError('SOURCE_EMPTY', 'The provider answered with an empty body');
      if (summary?.form !== 'array')
        throw new CoaxError(
          'SOURCE_NOT_A_LIST',
          `The provider answered with ${described(summary?.form)} instead of a list`,
        );
      if (summary.truncated)
        throw new CoaxError('SOURCE_TRUNCATED', `The list is cut short after ${summary.items} entries`);
      return { items: summary.items };
    });
  }
}

function described(form: string | undefined): string {
  if (form === 'object') return 'an object';
  if (form === 'html') return 'a web page';
  return form === 'scalar' ? 'a single value' : 'text';
}

/** How wrong logins look when the panel gives no JSON answer to them. */
function loginFailure(error: CoaxError): { readonly code: string; readonly message: string } {
  if (error.code === 'SOURCE_EMPTY')
    return { code: 'SOURCE_LOGIN_REFUSED', message: `${error.message}, as panels do when the login is wrong` };
  if (error.code === 'SOURCE_NOT_FOUND')
    return { code: error.code, message: `${error.message}: there is no panel at this address, or the login is wrong` };
  if (error.code === 'SOURCE_LOGIN_REFUSED')
    return { code: error.code, message: `${error.message}: the login is wrong, or this client is not let in` };
  return { code: error.code, message: error.message };
}
