import { hash } from 'node:crypto';

/** Query names that carry a permission, a login, a moment or a visitor, and never say which stream is meant. */
const secretNames =
  /^(?:(?:access|auth|session|stream|user|play|cdn|x)?[_-]?tok(?:en)?\d?|auth|auth[_-]?(?:key|sign|info)|authorization|sig|sign|signature|x-amz-.+|x-goog-.+|key-pair-id|policy|hash|md5|hmac|hdn(?:ts|ea|tl)|wmsauthsign|nva|nvb|nimblesessionid|st|exp|expir(?:e|es|y|ation)|e|ttl|valid(?:from|to|until)?|starttime|endtime|iat|nbf|ts|timestamp|_|cb|rnd|rand|random|nonce|api[_-]?key|key|secret|secure|jwt|user(?:name)?|usr|login|pass(?:word|wd)?|pwd|pw|sid|session(?:[_-]?id)?|jsessionid|phpsessid|uid|userid|device[_-]?id|mac|sn|play[_-]?token|ip|client[_-]?ip|ua|customer[_-]?id|app[_-]?id|vkey|txsecret|txtime|upt|psign)$/i;

/** Query names that say which stream is meant, however odd their value looks. */
const namingNames =
  /^(?:id|ch|chid|channel|channel[_-]?id|stream|stream[_-]?id|streamname|name|c|n|s|v|vid|video|file|path|url|src|source|play|slug|station|uuid|content[_-]?id|asset[_-]?id|media[_-]?id|ref|q|type|output|quality|profile|lang|format)$/i;

const unixTime = /^(?:1[4-9]|2[01])\d{8}(?:\d{3})?$/;
/** 20 characters and more of letters and digits mixed, as tokens are and words are not. */
const tokenLike = (value: string): boolean =>
  value.length >= 20 && /^[A-Za-z0-9_.~+/=:%!*-]+$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value);

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

function stableQuery(query: string): string {
  const pairs = query.split('&').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
  const isPair = ['u', 'p'].every((wanted) => pairs.some(([name]) => name.toLowerCase() === wanted));
  const kept = pairs
    .filter(([name, value]) => {
      if (name === '' || secretNames.test(name) || (isPair && /^[up]$/i.test(name))) return false;
      if (namingNames.test(name)) return true;
      return !unixTime.test(value) && !tokenLike(value) && !(value === '' && tokenLike(name));
    })
    .map(([name, value]) => `${name.toLowerCase()}=${value}`);
  return kept.sort().join('&');
}

/** A panel's ids are numbers; `/live/a/b/index.m3u8` is a folder of some other server. */
const xtreamTyped = /^(.*)\/(live|movie|series)\/[^/]+\/[^/]+\/(\d{1,12}(?:\.\w{1,8})?)$/i;
const xtreamShort = /^\/([^/]+)\/[^/]+\/(\d{1,12})(?:\.(?:ts|m3u8))?$/;
/** First segments that name a place on a server, so that `/hls/news/101.m3u8` is no login. */
const placeNames =
  /^(?:hls|live\d*|streams?|tv|play|iptv|channels?|udp|rtp|media|cdn|video|vod|content|edge|origin|app|api|ott|radio|audio|files?|public|static|out|output|dash|ts|s|v\d)$/i;
const tokenPart = /^(?:token|tok|auth|sig|session|hdnts|hdnea|exp|expires)[=:~-].+/i;

/** Takes out what a path holds of permissions: parameters behind `;`, `token=...` parts, and an expiry with the hash beside it. */
function stablePath(path: string): string {
  const parts = path.split('/').map((part) => part.replace(/;.*$/, ''));
  const kept = parts.filter((part, index) => {
    if (tokenPart.test(part) || unixTime.test(part)) return false;
    const beside = unixTime.test(parts[index - 1] ?? '') || unixTime.test(parts[index + 1] ?? '');
    return !(beside && tokenLike(part)) && !/^token$/i.test(parts[index - 1] ?? '');
  });
  return kept.filter((part) => !/^token$/i.test(part)).join('/');
}

/**
 * What stays of an address when it is signed anew, moved between http and https, or given another login: host, path and the part of the
 * query that names the stream. Xtream addresses come down to host, type and id, since `.ts` and `.m3u8` are one stream.
 */
export function streamIdentity(address: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i.exec(address.trim());
  if (match === null) return decode(address.trim().replace(/[?#].*$/s, ''));
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(/:(?:80|443)$/, '');
  const family = /^https?$/i.test(scheme) ? '' : `${scheme.toLowerCase()}:`;
  const typed = xtreamTyped.exec(path);
  const rest = stableQuery(query);
  const suffix = rest === '' ? '' : `?${rest}`;
  if (typed) {
    const [, prefix = '', type = '', file = ''] = typed;
    return `${family}//${host}${stablePath(prefix)}/${type.toLowerCase()}/${file.replace(/\.(?:ts|m3u8)$/i, '')}${suffix}`;
  }
  const short = xtreamShort.exec(path);
  if (short && !placeNames.test(short[1] ?? '')) return `${family}//${host}/live/${short[2]}${suffix}`;
  return `${family}//${host}${decode(stablePath(path))}${suffix}`;
}

/** A short key of `streamIdentity`. It is a hash, so that a secret that was not recognised does not come to light with it. */
export function streamKey(address: string): string {
  return hash('sha256', streamIdentity(address), 'base64url').slice(0, 22);
}
