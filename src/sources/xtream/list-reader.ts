import { CoaxError } from '../../errors.ts';
import type { Reject } from '../../model/items.ts';
import type { JsonItem } from '../../text/json-items.ts';
import { isSourceFailure } from '../source-failure.ts';
import type { XtreamApi } from './api.ts';
import { type Categories, type Decoded, decodeCategories } from './decoded.ts';
import type { XtreamLogin } from './url.ts';

/** What all items of lists have: an id and the groups they are in. */
export interface Listed {
  readonly providerId: string;
  readonly groups: readonly string[];
}

export interface ListKind<Item extends Listed> {
  readonly what: Reject['what'];
  readonly listAction: string;
  readonly categoriesAction: string;
  readonly decode: (value: unknown, categories: Categories, askedBy?: string) => Decoded<Item>;
}

export interface ReadListOptions {
  readonly login: XtreamLogin;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
}

export interface ReadListResult<Item> {
  readonly items: readonly Item[];
  readonly rejects: readonly Reject[];
  /** Names in the provider's list of categories. */
  readonly categories: number;
}

const mostRejectsKept = 1_000;
/** A list of which more than this share can not be read is a wrong answer, not a list with flaws. */
const worstBadShare = 0.5;
/** After this many empty categories the provider is believed that it has nothing. */
const emptySample = 3;

/**
 * Holds the items of a list until it is complete. They must wait: an item may come again with another category, and a list that breaks
 * off must leave nothing behind. A list of 100,000 takes about 100 MB for as long as it is read.
 */
class Collector<Item extends Listed> {
  readonly items = new Map<string, Item>();
  rejects: Reject[] = [];
  total = 0;
  bad = 0;

  clear(): void {
    this.items.clear();
    this.rejects = [];
    this.total = 0;
    this.bad = 0;
  }

  add(entry: JsonItem, kind: ListKind<Item>, categories: Categories, askedBy?: string): void {
    this.total += 1;
    const decoded = 'error' in entry ? { reason: entry.error } : kind.decode(entry.value, categories, askedBy);
    if ('reason' in decoded) {
      this.bad += 1;
      if (this.rejects.length < mostRejectsKept)
        this.rejects.push({ what: kind.what, at: entry.index, reason: decoded.reason });
      return;
    }
    const { item } = decoded;
    const known = this.items.get(item.providerId);
    if (known === undefined) this.items.set(item.providerId, item);
    else {
      const more = item.groups.filter((group) => !known.groups.includes(group));
      if (more.length > 0) this.items.set(item.providerId, { ...known, groups: [...known.groups, ...more] });
    }
  }

  check(): void {
    if (this.bad > this.total * worstBadShare)
      throw new CoaxError('SOURCE_NOT_A_LIST', `${this.bad} of ${this.total} entries of the list can not be read`);
  }
}

/** Reads live streams, films or series whole: categories first, then the bulk list, and category by category where the bulk call fails. */
export class ListReader<Item extends Listed> {
  readonly #api: XtreamApi;
  readonly #kind: ListKind<Item>;
  readonly #options: ReadListOptions;
  readonly #collector = new Collector<Item>();

  constructor(api: XtreamApi, kind: ListKind<Item>, options: ReadListOptions) {
    this.#api = api;
    this.#kind = kind;
    this.#options = options;
  }

  /** Throws SOURCE_*; an empty result means that the provider has nothing of this kind. */
  async read(): Promise<ReadListResult<Item>> {
    const categories = await this.#categories();
    const collector = this.#collector;
    let failure: CoaxError | undefined;
    try {
      await this.#list(categories);
      collector.check();
    } catch (error) {
      if (!isSourceFailure(error) || !this.#helpsToAskByCategory(error, categories)) throw error;
      failure = error;
    }
    if ((failure !== undefined || collector.total === 0) && categories.size > 0)
      await this.#byCategory(categories, failure);
    return { items: [...collector.items.values()], rejects: collector.rejects, categories: categories.size };
  }

  async #categories(): Promise<Categories> {
    const { login, signal } = this.#options;
    const entries: unknown[] = [];
    try {
      await this.#api.list(
        login,
        this.#kind.categoriesAction,
        {},
        { begin: () => (entries.length = 0), item: (item) => 'value' in item && entries.push(item.value) },
        signal,
      );
    } catch (error) {
      // A panel without this call still has channels; one that is busy or turns us away must not cost them their groups.
      const missing = ['SOURCE_NOT_A_LIST', 'SOURCE_EMPTY', 'SOURCE_NOT_FOUND', 'SOURCE_BAD_CONTENT'];
      if (!isSourceFailure(error) || !missing.includes(error.code)) throw error;
    }
    return decodeCategories(entries);
  }

  /** A list too large for the panel breaks it or comes back empty, and its categories may still be read. */
  #helpsToAskByCategory(error: CoaxError, categories: Categories): boolean {
    if (categories.size === 0 || error.details?.['answer'] === 'account') return false;
    return !['SOURCE_LOGIN_REFUSED', 'SOURCE_BLOCKED', 'SOURCE_EXPIRED', 'SOURCE_UNREACHABLE'].includes(error.code);
  }

  async #list(categories: Categories, askedBy?: string): Promise<void> {
    const { login, signal, progress } = this.#options;
    const collector = this.#collector;
    // Of one category only its own items may be forgotten when it is begun anew; those of others are in the map for good.
    await this.#api.list(
      login,
      this.#kind.listAction,
      askedBy === undefined ? {} : { category_id: askedBy },
      {
        begin: () => {
          if (askedBy === undefined) collector.clear();
        },
        item: (item) => {
          collector.add(item, this.#kind, categories, askedBy);
          if (collector.total % 1_000 === 0) progress(collector.items.size);
        },
      },
      signal,
      askedBy === undefined ? undefined : 2,
    );
  }

  /** One category that can not be read makes the whole incomplete: then the bulk call's failure is the answer. */
  async #byCategory(categories: Categories, failure: CoaxError | undefined): Promise<void> {
    const collector = this.#collector;
    collector.clear();
    let asked = 0;
    for (const id of categories.keys()) {
      try {
        await this.#list(categories, id);
      } catch (error) {
        if (!isSourceFailure(error)) throw error;
        if (failure === undefined && collector.total === 0) return;
        throw failure ?? error;
      }
      asked += 1;
      this.#options.progress(collector.items.size);
      if (collector.total === 0 && asked >= emptySample) break;
    }
    if (collector.total === 0 && failure !== undefined) throw failure;
    collector.check();
  }
}
