import { existsSync } from 'node:fs';

/** A Chromium or Chrome on this machine; undefined when there is none. `CHROMIUM` names another one. */
export const chromiumPath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** Added to the title of tests that are skipped without it. */
export const needsChromium = chromiumPath === undefined ? ' (skipped: there is no chromium)' : '';
