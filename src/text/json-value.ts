const wideNumber = /[:,[\s]\d{16}/;

/**
 * Parses JSON; integers that a number can not hold exactly (above 2^53) become texts of their digits, as ids do in other answers. Throws
 * SyntaxError.
 */
export function parseJson(text: string): unknown {
  if (!wideNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    const isWide = typeof value === 'number' && !Number.isSafeInteger(value);
    return isWide && source !== undefined && /^\d+$/.test(source) ? source : value;
  });
}
