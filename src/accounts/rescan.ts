/** While somebody waits, holders that became idle meanwhile are looked for this often. */
const rescanMs = 500;

/** Looks again after a while, as long as there is a reason to. */
export class Rescan {
  readonly #look: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => void) {
    this.#look = look;
  }

  /** Plans one look, unless one is planned; without a reason there will be none. */
  plan(needed: boolean): void {
    if (!needed) this.cancel();
    else this.#timer ??= setTimeout(this.#run, rescanMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    this.#look();
  };
}
