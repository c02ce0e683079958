import {
  deviceOptions,
  filterOptions,
  flagOptions,
  libraryOptions,
  safeFilters,
  valueOptions,
} from './transcode-options.ts';

/** The arguments of a profile, before and after the input that Coax gives. */
export interface TranscodeCommand {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const placeholder = { input: '{input}', output: '{output}' } as const;
const device = /^(?:[a-z]+(?:=[\w.]*)?(?:@[\w.]+)?[:,]?)?(?:\/dev\/(?:dri|dxg)[\w/-]*|\d{1,2}|auto)?(?:,[\w.=-]+)*$/;
/** Characters of paths, addresses and of ffmpeg's own escapes; none is needed. */
const suspicious = /[\\/%`$]|:\/\/|\.\./;
const fileLike =
  /(?:^|[:=,_-])(?:stats|csv|dump|file|filename|path|log|load|save|tcfile|qpfile|zones?file|cqmfile|scaling-list|lambda|model|output|input)[\w-]*\s*=/i;

/**
 * Takes the command line of a profile apart: ffmpeg's arguments, with `{input}` where the stream comes in and `{output}` at the end; both may
 * be left out, then the line is all about the output. Gives a reason in words for what is no such line, or does more than to change
 * pictures and sound.
 */
export function parseTranscodeCommand(text: string): TranscodeCommand | string {
  const words = wordsOf(text);
  if (words === null) return 'a quote is not closed';
  if (/^(?:.*[/\\])?ffmpeg(?:\.exe)?$/i.test(words[0] ?? '')) words.shift();
  const inputs = words.filter((word) => word === placeholder.input).length;
  const outputs = words.filter((word) => word === placeholder.output).length;
  if (inputs > 1 || outputs > 1) return 'there is one {input} and one {output}';
  if (outputs === 1 && words.at(-1) !== placeholder.output) return '{output} has to be the last word';
  const body = outputs === 1 ? words.slice(0, -1) : words;
  const at = body.indexOf(placeholder.input);
  const before = at < 0 ? [] : body.slice(0, at);
  const after = at < 0 ? body : body.slice(at + 1);
  if (after.length === 0) return 'it says nothing about the output';
  const problem = problemOf(before) ?? problemOf(after);
  return problem ?? { before, after };
}

function problemOf(words: readonly string[]): string | null {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-') || word.length < 2)
      return `"${shown(word)}" belongs to no option; files and addresses can not be named`;
    const name = word.slice(1).replace(/:.*$/s, '');
    if (flagOptions.has(name)) continue;
    if (!valueOptions.has(name)) return `the option -${shown(name)} can not be used`;
    const value = words[++at];
    if (value === undefined) return `the option -${name} has no value`;
    const problem = valueProblem(name, value);
    if (problem !== null) return problem;
  }
  return null;
}

function valueProblem(name: string, value: string): string | null {
  if (deviceOptions.has(name)) return device.test(value) ? null : `-${name} names no device`;
  if (filterOptions.has(name)) return filterProblem(name, value);
  if (libraryOptions.has(name) && (fileLike.test(`${value}=`) || suspicious.test(value)))
    return `the value of -${name} may name a file`;
  // A rate is a fraction: 30000/1001.
  if (suspicious.test(value.replace(/^\d+\/\d+$/, ''))) return `the value of -${name} may name a file or an address`;
  return null;
}

function filterProblem(name: string, value: string): string | null {
  // Escaped commas, divisions and the like stand in expressions; a path begins with a slash.
  if (/:\/\/|\.\.|(?:^|[=:'"])\s*\/|[`$]/.test(value) || fileLike.test(value))
    return `the value of -${name} may name a file or an address`;
  const bare = value.replace(/\\./gs, '').replace(/'[^']*'/g, '');
  for (const part of bare.split(/[,;]/)) {
    const filter = part
      .replace(/\[[^\]]*\]/g, '')
      .trim()
      .replace(/[=@].*$/s, '');
    if (filter !== '' && !safeFilters.has(filter)) return `the filter ${shown(filter)} can not be used`;
  }
  return null;
}

/** Words as a shell would cut them, with quotes; nothing else of a shell means anything. Null where a quote is not closed. */
function wordsOf(text: string): string[] | null {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"]|'[^']*'|"[^"]*")+)/gy;
  let end = 0;
  for (let match = word.exec(text); match !== null; match = word.exec(text)) {
    words.push(
      (match[1] ?? '').replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
    );
    end = word.lastIndex;
  }
  return text.slice(end).trim() === '' ? words : null;
}

const shown = (text: string): string => text.slice(0, 40);
