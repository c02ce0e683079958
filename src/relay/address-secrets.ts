/** The parts of streams' addresses that may be a login or a token, as they are written and decoded; they are never quoted. */
export function addressSecrets(urls: readonly string[]): string[] {
  return urls.flatMap((text) => {
    const url = URL.parse(text);
    if (url === null) return [];
    // A token may stand in the query alone, as `?5511aaff`.
    const query = [...url.searchParams].map(([key, value]) => (value === '' ? key : value));
    const parts = [...url.pathname.split('/'), ...query, url.username, url.password];
    return parts.filter((part) => part.length >= 3).flatMap((part) => [part, decode(part)]);
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
