import { expect } from 'chai';
import fc from 'fast-check';
import { readLogin } from '../../../src/sources/xtream/login.ts';

const now = Date.parse('2026-06-01T00:00:00Z') / 1000;
const user = { username: 'bob', password: 'secret1', auth: 1, status: 'Active' };

describe('the answer to a login', () => {
  for (const [name, answer, ok, code] of [
    ['auth 1', { user_info: user }, true, undefined],
    ['auth "1"', { user_info: { ...user, auth: '1' } }, true, undefined],
    ['auth true', { user_info: { ...user, auth: true } }, true, undefined],
    ['auth 0', { user_info: { auth: 0 } }, false, 'SOURCE_LOGIN_REFUSED'],
    ['auth "0" of an active account', { user_info: { ...user, auth: '0' } }, false, 'SOURCE_LOGIN_REFUSED'],
    ['no auth at all', { user_info: { status: 'Active' } }, false, 'SOURCE_LOGIN_REFUSED'],
    ['an expired account', { user_info: { ...user, status: 'Expired' } }, false, 'SOURCE_EXPIRED'],
    ['a banned account', { user_info: { ...user, status: 'BANNED' } }, false, 'SOURCE_LOGIN_REFUSED'],
    ['a disabled account', { user_info: { ...user, status: 'Disabled' } }, false, 'SOURCE_LOGIN_REFUSED'],
    ['an unknown status', { user_info: { ...user, status: 'Trial' } }, true, undefined],
    ['no status', { user_info: { auth: 1, status: null } }, true, undefined],
    ['user_info as a list', { user_info: [] }, false, 'SOURCE_LOGIN_REFUSED'],
    ['an empty list', [], false, 'SOURCE_LOGIN_REFUSED'],
    ['an empty object', {}, false, 'SOURCE_LOGIN_REFUSED'],
    ['null', null, false, 'SOURCE_LOGIN_REFUSED'],
    ['false', false, false, 'SOURCE_LOGIN_REFUSED'],
  ] as const) {
    it(`${ok ? 'is taken' : 'is refused'} with ${name}`, () => {
      const report = readLogin(answer, now);
      expect(report.ok).to.equal(ok);
      expect(report.code).to.equal(code);
      expect(report.message).to.match(/^[A-Z].{10,}/);
    });
  }

  it('tells what the panel says of the account', () => {
    const report = readLogin(
      {
        user_info: {
          ...user,
          exp_date: '1798761600',
          is_trial: '0',
          active_cons: '1',
          max_connections: '2',
          allowed_output_formats: ['m3u8', 'ts', 'rtmp'],
        },
        server_info: { timezone: 'Europe/Amsterdam' },
      },
      now,
    );
    expect(report).to.deep.equal({
      ok: true,
      message: 'The login works; it expires on 2027-01-01',
      status: 'Active',
      expiresUnix: 1_798_761_600,
      maxConnections: 2,
      activeConnections: 1,
      formats: ['m3u8', 'ts', 'rtmp'],
      timeZone: 'Europe/Amsterdam',
      trial: false,
    });
  });

  for (const [field, value, key, expected] of [
    ['exp_date', null, 'expiresUnix', undefined],
    ['exp_date', '', 'expiresUnix', undefined],
    ['exp_date', 1_798_761_600, 'expiresUnix', 1_798_761_600],
    ['max_connections', 'N/A', 'maxConnections', undefined],
    ['max_connections', null, 'maxConnections', undefined],
    ['max_connections', 1, 'maxConnections', 1],
    ['max_connections', '0', 'maxConnections', 0],
    ['active_cons', 'N/A', 'activeConnections', undefined],
    ['active_cons', 0, 'activeConnections', 0],
    ['allowed_output_formats', 'm3u8', 'formats', ['m3u8']],
    ['is_trial', '1', 'trial', true],
    ['status', 'bob secret1 <b>', 'status', undefined],
  ] as const) {
    it(`reads ${field} ${JSON.stringify(value)} as ${JSON.stringify(expected) ?? 'not known'}`, () => {
      const report: object = readLogin({ user_info: { ...user, [field]: value } }, now);
      expect(report).to.have.property('ok', true);
      expect((report as Record<string, unknown>)[key]).to.deep.equal(expected);
    });
  }

  it('says so when the account is active although its date has passed', () => {
    const { ok, message } = readLogin({ user_info: { ...user, exp_date: '1735689600' } }, now);
    expect(ok).to.equal(true);
    expect(message).to.contain('2025-01-01 has passed');
  });

  it('never throws and never shows what the panel calls the user', () => {
    const field = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('bobsecret', 'bobsecret1', ['bobsecret'], { a: 'bobsecret' }),
    );
    const info = fc.dictionary(
      fc.constantFrom('auth', 'status', 'exp_date', 'message', 'username', 'max_connections', 'is_trial'),
      field,
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          info.map((user_info) => ({ user_info })),
        ),
        (answer) => {
          const report = readLogin(answer, now);
          expect(report.ok).to.be.a('boolean');
          expect(report.message).not.to.contain('bobsecret');
        },
      ),
    );
  });
});
