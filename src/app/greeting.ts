import { join } from 'node:path';

/** What a person reads who has just started Coax. The first line is also what programs wait for. */
export function greeting(url: string, outputToken: string, dataDir: string): string {
  const base = `${url}/o/${outputToken}`;
  return [
    `Coax is ready on ${url}`,
    '',
    `  playlist     ${base}/playlist.m3u`,
    `  guide        ${base}/guide.xml`,
    `  movies       ${base}/movies.m3u`,
    `  HDHomeRun    ${base}/hdhr`,
    `  admin API    ${url}/api/v1/openapi.json (token in ${join(dataDir, 'admin-token')})`,
    '',
  ].join('\n');
}
