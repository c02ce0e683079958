import { CoaxError, type ErrorCode } from '../errors.ts';

const longest = 160;

/** What ffmpeg says, by what it means; the first that fits counts. */
const meanings: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [
    /protocol not found|not on whitelist|unknown keyword/i,
    'UPSTREAM_ERROR',
    'This ffmpeg can not read streams of this kind',
  ],
  [
    /\b401\b|unauthorized|authorization failed|ERROR:BADSECRET|badauth/i,
    'UPSTREAM_REFUSED',
    'The provider refuses the login',
  ],
  [/\b403\b|forbidden|access denied/i, 'UPSTREAM_REFUSED', 'The provider refuses this stream'],
  [/\b453\b|not enough bandwidth/i, 'UPSTREAM_CAPACITY', 'The provider says that it has no room'],
  [/\b404\b|\b410\b|not found|StreamNotFound/i, 'UPSTREAM_NOT_FOUND', 'The provider does not have this stream'],
  [
    /connection refused|timed out|failed to resolve|no route|unreachable|network is down|connection reset/i,
    'UPSTREAM_UNREACHABLE',
    'The provider can not be reached',
  ],
  [
    /invalid data|could not find codec parameters|moov atom/i,
    'UPSTREAM_BAD_CONTENT',
    'What the provider sends is no media',
  ],
  [
    /\b5\d\d\b(?=.*(?:error|unavailable|gateway))|server returned 5/i,
    'UPSTREAM_ERROR',
    'The provider answered with an error',
  ],
];

/** The error for a run of ffmpeg that gave nothing, from what it said. Addresses, and whatever may be secret, stay out of it. */
export function ffmpegError(said: string, secrets: readonly string[] = []): CoaxError {
  const text = plainWords(said, secrets);
  const [, code, message] = meanings.find(([pattern]) => pattern.test(text)) ?? [
    null,
    'UPSTREAM_ERROR' as const,
    'ffmpeg can not open the stream',
  ];
  const quote = lastLine(text);
  return new CoaxError(code, quote === '' ? message : `${message} (ffmpeg: "${quote}")`);
}

/** What ffmpeg said, without addresses, secrets and the marks of its parts. */
export function plainWords(said: string, secrets: readonly string[] = []): string {
  let text = said.replace(/\[[^\]\n]*@ 0x[0-9a-f]+\] ?/gi, '');
  text = text.replace(/'[^'\n]*:\/\/[^\n]*'|\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…');
  for (const secret of secrets.toSorted((a, b) => b.length - a.length))
    if (secret.length >= 3) text = text.replaceAll(secret, '…');
  return text.replaceAll('pipe:0: ', '').replaceAll('Did you mean file:pipe:0?', '');
}

function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  // The one before it tells more than "Impossible to open".
  const telling = lines.filter((line) => line !== '' && !line.startsWith('Impossible to open'));
  return [...new Set(telling.slice(-2))].join('; ').slice(0, longest);
}
