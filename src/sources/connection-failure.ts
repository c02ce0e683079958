/**
 * Why there is no connection, told apart by who is at fault: the proxy that was to be gone through, or what lies behind it. Whoever
 * catches it makes an error of its own table from it. Messages hold neither hosts nor logins.
 */
export class ConnectionFailure extends Error {
  readonly at: 'proxy' | 'provider';
  /** A code of the system, of HTTP or of SOCKS; for logs. */
  readonly reason: string;

  constructor(at: 'proxy' | 'provider', message: string, reason: string) {
    super(message);
    this.at = at;
    this.reason = reason;
  }
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it reset the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name can not be looked up now',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

/** What an error code of a socket means, in words that follow "can not be reached:"; undefined for one that says nothing to a reader. */
export function wordsOf(code: string): string | undefined {
  return words[code];
}

/** The code of an error of Node; its message may hold names and addresses. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/** The failure of a connection to the proxy itself. */
export function proxyUnreachable(error: unknown): ConnectionFailure {
  if (error instanceof ConnectionFailure) return error;
  const code = codeOf(error);
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL|EPROTO/.test(code))
    return new ConnectionFailure('proxy', `The proxy can not be spoken to over TLS (${code})`, code);
  if (code.startsWith('HPE_'))
    return new ConnectionFailure('proxy', `The proxy does not speak the protocol it should (${code})`, code);
  const told = words[code];
  return new ConnectionFailure(
    'proxy',
    told === undefined ? `The proxy can not be reached (${code})` : `The proxy can not be reached: ${told} (${code})`,
    code,
  );
}
