/** What a text turns out to be when it is not what it should be. */
export type ContentForm = 'html' | 'json' | 'binary' | 'text' | 'empty';

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

/** Judges by the first characters that are not white space. */
export function contentForm(start: string): ContentForm {
  const text = start.trimStart();
  if (text === '') return 'empty';
  if (control.test(text.slice(0, 512))) return 'binary';
  if (text.startsWith('<')) return 'html';
  if (text.startsWith('{') || text.startsWith('[')) return 'json';
  return 'text';
}
