import { expect } from 'chai';
import fc from 'fast-check';
import { Redactor } from '../../src/log/redactor.ts';

describe('Redactor', () => {
  const redactor = new Redactor();
  const user = 'us er@x';
  const pass = 'p+ss/w%rd';
  redactor.setSecrets('source', [user, pass, `${user}:${pass}`]);

  const places: readonly (readonly [string, string])[] = [
    ['plain', `login ${user} with ${pass} failed`],
    ['percent-encoded', `GET /x/${encodeURIComponent(user)}/${encodeURIComponent(pass)}`],
    ['form-encoded', `username=${encodeURIComponent(user).replaceAll('%20', '+')}`],
    ['basic', `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`],
    ['base64 alone', `x${Buffer.from(pass).toString('base64')}y`],
    ['base64url', Buffer.from(pass).toString('base64url')],
    ['JSON', JSON.stringify({ user, pass })],
  ];
  for (const [name, text] of places) {
    it(`hides known secrets: ${name}`, () => {
      const hidden = redactor.text(text);
      for (const form of [
        user,
        pass,
        encodeURIComponent(user),
        encodeURIComponent(pass),
        Buffer.from(pass).toString('base64').replace(/=+$/, ''),
      ]) {
        expect(hidden).to.not.include(form);
      }
    });
  }

  const shapes: readonly (readonly [string, string])[] = [
    ['http://bob:hunter2@host/x', 'hunter2'],
    ['http://host/live/bob/hunter2/5.ts', 'hunter2'],
    ['http://host/player_api.php?username=bob&password=hunter2&action=x', 'hunter2'],
    ['authorization: Bearer abcdefghijk', 'abcdefghijk'],
    ['/o/abcdefghijklmnop/playlist.m3u', 'abcdefghijklmnop'],
    ['GET /s/0123456789abcdef0123456789abcdef.ts', '0123456789abcdef0123456789abcdef'],
  ];
  for (const [text, secret] of shapes) {
    it(`hides what is shaped like a secret: ${text}`, () => {
      expect(new Redactor().text(text)).to.not.include(secret);
    });
  }

  it('forgets the secrets of an owner that no longer has them', () => {
    const own = new Redactor();
    own.setSecrets('a', ['abcdef']);
    own.setSecrets('a', []);
    expect(own.text('abcdef')).to.equal('abcdef');
  });

  it('keeps what is no secret', () => {
    expect(redactor.text('relay opened in 12 ms for channel 5')).to.equal('relay opened in 12 ms for channel 5');
  });

  it('unfolds errors with their causes and hides secrets in them', () => {
    const value = JSON.stringify(
      redactor.value({ error: new Error(`bad ${pass}`, { cause: new Error(user) }), password: 'short' }),
    );
    expect(value).to.not.include(pass);
    expect(value).to.not.include(user);
    expect(value).to.not.include('"short"');
  });

  it('hides any secret wherever it stands in base64', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[\x21-\x7e]{6,24}$/),
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (secret, before, after) => {
          const own = new Redactor();
          own.setSecrets('s', [secret]);
          const hidden = own.text(Buffer.from(before + secret + after).toString('base64'));
          // Enough must be gone that the secret can't be read back.
          expect(Buffer.from(hidden.replaceAll('***', ''), 'base64').toString('latin1')).to.not.include(secret);
          expect(own.text(before + secret + after)).to.not.include(secret);
        },
      ),
    );
  });
});
