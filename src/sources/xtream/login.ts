import type { ErrorCode } from '../../errors.ts';
import type { LoginReport } from '../contract.ts';
import { asBool, asInteger, asObject, asText, asWords } from '../lenient.ts';
import { asEpoch } from '../lenient-time.ts';
import { panelZone } from '../panel-zone.ts';

/** States in which a panel serves nothing, whatever `auth` says. */
const deadStates: ReadonlyMap<string, string> = new Map([
  ['expired', 'has expired'],
  ['banned', 'is banned'],
  ['disabled', 'is disabled'],
  ['blocked', 'is blocked'],
  ['inactive', 'is not active'],
  ['suspended', 'is suspended'],
  ['cancelled', 'is cancelled'],
  ['canceled', 'is cancelled'],
  ['terminated', 'is closed'],
]);

const refused = (message: string, code: ErrorCode = 'SOURCE_LOGIN_REFUSED'): LoginReport => ({
  ok: false,
  code,
  message,
});

function day(unix: number): string {
  return new Date(unix * 1000).toISOString().slice(0, 10);
}

/** A word of the provider that may be shown: letters only, so that it can hold no login. */
const word = (text: string | undefined): string | undefined =>
  text !== undefined && /^[A-Za-z][A-Za-z _-]{0,30}$/.test(text) ? text : undefined;

/**
 * Judges the answer to a login. It works only if there is a `user_info`, its `auth` is true and its status is not a dead one: a panel
 * says 200 with `{"user_info":{"auth":0}}` to a wrong password. `nowUnix` decides what the message says of the expiry date.
 */
export function readLogin(answer: unknown, nowUnix: number): LoginReport {
  const user = asObject(asObject(answer)?.['user_info']);
  if (user === undefined) {
    return Array.isArray(answer) && answer.length === 0
      ? refused('The provider answers the login with an empty list, as it does when the login is wrong')
      : refused('The answer to the login holds no account, so this is no Xtream panel or the login is wrong');
  }
  const server = asObject(asObject(answer)?.['server_info']) ?? {};
  const status = asText(user['status']);
  const shownStatus = word(status);
  const expiresUnix = asEpoch(user['exp_date']);
  const maxConnections = asInteger(user['max_connections']);
  const activeConnections = asInteger(user['active_cons']);
  const formats = asWords(user['allowed_output_formats']).filter((format) => /^[a-z0-9_]{1,10}$/.test(format));
  const timeZone = panelZone(server);
  const trial = asBool(user['is_trial']);
  const facts = {
    ...(shownStatus === undefined ? {} : { status: shownStatus }),
    ...(expiresUnix === undefined ? {} : { expiresUnix }),
    ...(maxConnections === undefined || maxConnections < 0 ? {} : { maxConnections }),
    ...(activeConnections === undefined || activeConnections < 0 ? {} : { activeConnections }),
    ...(formats.length === 0 ? {} : { formats }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(trial === undefined ? {} : { trial }),
  };

  const dead = deadStates.get((status ?? '').toLowerCase());
  if (dead !== undefined) {
    const expired = dead === 'has expired';
    const since = expired && expiresUnix !== undefined ? ` (on ${day(expiresUnix)})` : '';
    return { ...refused(`The account ${dead}${since}`, expired ? 'SOURCE_EXPIRED' : 'SOURCE_LOGIN_REFUSED'), ...facts };
  }
  if (asBool(user['auth']) !== true) {
    const said = asInteger(user['auth']);
    return { ...refused(`The provider refuses this login (auth ${said ?? 'is missing'})`), ...facts };
  }
  const expiry =
    expiresUnix === undefined
      ? ''
      : expiresUnix > nowUnix
        ? `; it expires on ${day(expiresUnix)}`
        : `, although its expiry date ${day(expiresUnix)} has passed`;
  return { ok: true, message: `The login works${expiry}`, ...facts };
}
