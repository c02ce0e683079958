/** The characters of `bytes` in base64 that are the same whatever stands around them, when it starts at offset `lead` of three. */
function stableBase64(bytes: Buffer, lead: number): string {
  const text = Buffer.concat([Buffer.alloc(lead), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = lead === 0 ? 0 : lead + 1;
  return text.slice(first, (lead + bytes.length) % 3 === 0 ? undefined : -1);
}

export interface SecretForms {
  /** To be looked for without regard to case. */
  readonly anyCase: readonly string[];
  readonly exact: readonly string[];
}

/** The ways in which a secret could stand in a text: as it is, escaped for addresses, forms and JSON, and in base64. */
export function formsOf(secret: string): SecretForms {
  const bytes = Buffer.from(secret, 'utf8');
  const encoded = encodeURIComponent(secret);
  const form = new URLSearchParams({ v: secret }).toString().slice(2);
  const everyByte = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const anyCase = [secret, encoded, form, everyByte, encodeURIComponent(encoded), JSON.stringify(secret).slice(1, -1)];
  const base64 = [0, 1, 2].map((lead) => stableBase64(bytes, lead)).filter((text) => text.length >= 6);
  const urlSafe = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return {
    anyCase: [...new Set([...anyCase, bytes.toString('hex')].map((text) => text.toLowerCase()))],
    exact: [...new Set([...base64, ...urlSafe])],
  };
}

/** Where each of `secrets` stands in `text`, in words; empty when nowhere. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  const lower = text.toLowerCase();
  const quote = (at: number) => JSON.stringify(text.slice(Math.max(0, at - 80), at + 60));
  return secrets.flatMap((secret) => {
    const { anyCase, exact } = formsOf(secret);
    const places = [
      ...anyCase.map((form) => [form, lower.indexOf(form)] as const),
      ...exact.map((form) => [form, text.indexOf(form)] as const),
    ];
    return places.filter(([, at]) => at >= 0).map(([form, at]) => `${secret} as ${form} in ${quote(at)}`);
  });
}
