import { createHash } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 10;

/**
 * A short id of 50 bits made from where an item was first seen, so that another machine with the same source ids comes to the same
 * ids. `taken` resolves collisions, and the second of two items that look the same.
 */
export function stableId(prefix: string, identity: readonly string[], taken: (id: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const text = JSON.stringify(attempt === 0 ? identity : [...identity, attempt]);
    const bytes = createHash('sha256').update(text).digest();
    let id = prefix;
    for (let at = 0; at < length; at++) id += alphabet[(bytes[at] ?? 0) & 31];
    if (!taken(id)) return id;
  }
}
