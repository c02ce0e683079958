import type { XtreamLogin } from '../xtream/url.ts';

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/**
 * Gives a stream address another login of the same provider, where one of the known logins stands in its path (`/live/u/p/1.ts`,
 * `/u/p/1`, behind any sub-path) or in its query (`username=`, `password=`). An address without a known login stays as it is.
 */
export function withLogin(url: string, known: readonly XtreamLogin[], login: XtreamLogin): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(url);
  if (match === null) return url;
  const [, root = '', path = '', query = '', fragment = ''] = match;
  const is = (username: string, password: string): boolean =>
    known.some((one) => one.username !== '' && one.username === decode(username) && one.password === decode(password));

  const parts = path.split('/');
  // From the end, as the base may have a path of its own; the last part is the file.
  for (let at = parts.length - 3; at >= 1; at -= 1) {
    if (!is(parts[at] ?? '', parts[at + 1] ?? '')) continue;
    parts[at] = encode(login.username);
    parts[at + 1] = encode(login.password);
    return `${root}${parts.join('/')}${query}${fragment}`;
  }
  const username = /[?&]username=([^&]*)/i.exec(query)?.[1];
  const password = /[?&]password=([^&]*)/i.exec(query)?.[1];
  if (username === undefined || password === undefined) return url;
  const plain = (text: string): string => text.replaceAll('+', '%20');
  if (!is(plain(username), plain(password))) return url;
  const changed = query
    .replace(/([?&]username=)[^&]*/i, (_, name: string) => name + encode(login.username))
    .replace(/([?&]password=)[^&]*/i, (_, name: string) => name + encode(login.password));
  return `${root}${path}${changed}${fragment}`;
}
