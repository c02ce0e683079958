import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A short random id such as `s7k2m9x4qb`; the prefix tells people what it names. */
export function newId(prefix: string): string {
  return prefix + [...randomBytes(10)].map((byte) => alphabet[byte & 31]).join('');
}

/** A secret for URLs and headers: 160 random bits. */
export function newToken(): string {
  return [...randomBytes(32)].map((byte) => alphabet[byte & 31]).join('');
}
