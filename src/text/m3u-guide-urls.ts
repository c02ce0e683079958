const absolute = /^(?:[a-z][a-z0-9+.-]{0,20}:\/\/|\/\/[^/])/i;
const file = /^[^?#=&]*\.(?:xml|xmltv|php|gz|xz|zip)(?=$|[?#])/i;
const endsAsFile = /\.(?:xml|xmltv|php|gz|xz|zip)(?:[?#].*)?$/is;
/** What stands there when there is no guide. */
const noAddress = /^(?:none|null|undefined|false|n\/?a|no|0|-)?$/i;

/** Whether `part`, which follows a separator, begins an address of its own or belongs to `before`. */
function beginsAddress(part: string, before: string): boolean {
  if (absolute.test(part)) return true;
  // Commas and semicolons are allowed in queries: there only what looks like a file from the root is another address.
  if (/^\.{0,2}\//.test(part)) return !before.includes('?') || (file.test(part) && part.startsWith('/'));
  return file.test(part) && !before.includes('?') && endsAsFile.test(before);
}

/**
 * The addresses of a header's `x-tvg-url`, as written and so perhaps relative. They are separated by commas, semicolons or blanks,
 * which also occur within an address: what follows one is another address only if it looks like one.
 */
export function splitGuideUrls(value: string): string[] {
  const urls: string[] = [];
  const parts = value.trim().split(/([,;\s]+)/);
  let url = parts[0] ?? '';
  for (let at = 1; at < parts.length; at += 2) {
    const part = parts[at + 1] ?? '';
    if (part === '') continue;
    if (url === '' || beginsAddress(part, url)) {
      urls.push(url);
      url = part;
    } else url += (parts[at] ?? '') + part;
  }
  return [...urls, url].filter((one) => !noAddress.test(one));
}
