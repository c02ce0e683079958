import type { Reject } from '../model/items.ts';

const kept = 200;

/** Items that could not be used (design D4): all are counted, the first 200 are kept for people to read. */
export class RejectLog {
  readonly first: Reject[] = [];
  readonly #byWhat = new Map<Reject['what'], number>();
  #total = 0;

  add(reject: Reject): void {
    this.#total++;
    this.#byWhat.set(reject.what, (this.#byWhat.get(reject.what) ?? 0) + 1);
    if (this.first.length < kept) this.first.push(reject);
  }

  get total(): number {
    return this.#total;
  }

  count(...what: readonly Reject['what'][]): number {
    return what.reduce((sum, one) => sum + (this.#byWhat.get(one) ?? 0), 0);
  }
}
