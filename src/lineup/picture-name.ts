import { hash } from 'node:crypto';

const chars = 40;

/** What a picture is called, on disk and in addresses: a hash of where it came from, which does not tell it. */
export const pictureName = (address: string): string => hash('sha256', address, 'hex').slice(0, chars);

export const isPictureName = (text: string): boolean => text.length === chars && /^[0-9a-f]+$/.test(text);
