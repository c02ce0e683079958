import { readFileSync } from 'node:fs';

/** The version of package.json; a bundle has it written in by `build.js`. */
export const version: string = process.env['COAX_VERSION'] ?? readVersion();

function readVersion(): string {
  const document: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof document === 'object' &&
    document !== null &&
    'version' in document &&
    typeof document.version === 'string'
    ? document.version
    : '0.0.0';
}
