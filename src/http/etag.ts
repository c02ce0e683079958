import type { IncomingMessage } from 'node:http';

/** True when the client says that it has this version already (RFC 9110 13.1.2). */
export function isUnchanged(request: IncomingMessage, etag: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined) return false;
  return header.split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === etag);
}
