import { LRUCache } from 'lru-cache';

const addressMs = 6 * 3_600_000;
/** So many failures one after the other, and a host is left alone for a while. */
const patience = 4;
const firstPauseMs = 10 * 60_000;
const longestPauseMs = 24 * 3_600_000;

/** Which addresses and hosts failed lately and are left alone, longer each time. Times are monotonic milliseconds. */
export class HostPauses {
  readonly #until = new LRUCache<string, number>({ max: 50_000 });
  readonly #failures = new LRUCache<string, number>({ max: 10_000 });

  has(addressOrHost: string): boolean {
    return (this.#until.get(addressOrHost) ?? 0) > performance.now();
  }

  worked(host: string): void {
    this.#failures.delete(host);
  }

  /** `ofAddress`: only the address is at fault; its host answers. */
  failed(address: string, host: string, ofAddress: boolean): void {
    const now = performance.now();
    this.#until.set(address, now + addressMs);
    if (ofAddress) return;
    const failures = (this.#failures.get(host) ?? 0) + 1;
    this.#failures.set(host, failures);
    if (failures >= patience)
      this.#until.set(host, now + Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - patience)));
  }
}
