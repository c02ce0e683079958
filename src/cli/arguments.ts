import { parseArgs } from 'node:util';
import { CoaxError } from '../errors.ts';

/** One flag of a command. `value` names what follows it; without it the flag stands alone. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly description: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Names of the positional arguments; all are needed. */
  readonly positionals: readonly string[];
  readonly flags: readonly Flag[];
  readonly notes?: readonly string[];
  run(args: ParsedArguments): Promise<number>;
}

export interface ParsedArguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
}

/** How many single-letter edits lead from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known word a mistyped one most likely stands for, as the end of a sentence, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = known.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far)[0];
  return near !== undefined && near.far <= Math.max(2, word.length / 3) ? ` Did you mean ${near.name}?` : '';
}

const usage = (message: string, command?: string): CoaxError =>
  new CoaxError('USAGE', `${message} See coax ${command === undefined ? '' : `${command} `}--help.`);

/** Reads the arguments of one command; throws USAGE with a hint for anything it does not know. */
export function readArguments(command: Command, args: readonly string[]): ParsedArguments {
  const known = [...command.flags.map(({ name }) => `--${name}`), '--help'];
  const options = Object.fromEntries(
    command.flags.map(({ name, value }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = command.flags.find(({ name }) => name === token.name);
    if (flag === undefined || !token.rawName.startsWith('--')) {
      throw usage(
        `${token.rawName} is no flag of coax ${command.name}.${suggestion(token.rawName, known)}`,
        command.name,
      );
    }
    if (flag.value === undefined && token.value !== undefined)
      throw usage(`--${flag.name} takes no value.`, command.name);
    if (
      flag.value !== undefined &&
      (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))
    ) {
      throw usage(`--${flag.name} needs a value: ${flag.value}.`, command.name);
    }
    if (flag.value !== undefined && token.value?.trim() === '')
      throw usage(`--${flag.name} must not be empty.`, command.name);
    if (values.has(flag.name)) throw usage(`--${flag.name} is given twice.`, command.name);
    values.set(flag.name, token.value ?? true);
  }
  if (positionals.length !== command.positionals.length) {
    const wanted = command.positionals.length === 0 ? 'no arguments' : command.positionals.join(' ');
    throw usage(
      `coax ${command.name} takes ${wanted}, but ${positionals.length === 0 ? 'nothing' : JSON.stringify(positionals.join(' '))} was given.`,
      command.name,
    );
  }
  return {
    positionals,
    flag: (name) => values.has(name),
    value: (name) => {
      const value = values.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** What the environment says; an empty variable, as compose files make them, says nothing. */
export function fromEnvironment(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === '' ? undefined : value;
}

/** A whole number within bounds, from the flag or the environment, or USAGE. */
export function readNumber(
  args: ParsedArguments,
  name: string,
  fallback: number,
  { min, max, variable }: { readonly min: number; readonly max: number; readonly variable?: string },
): number {
  const given = args.value(name);
  const text = given ?? (variable === undefined ? undefined : fromEnvironment(variable));
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw usage(
      `${given === undefined ? variable : `--${name}`} has to be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`,
    );
  return value;
}

/** The help text of one command. */
export function helpOf(command: Command): string {
  const title = ['coax', command.name, ...command.positionals, ...(command.flags.length > 0 ? ['[flags]'] : [])].join(
    ' ',
  );
  const flags = [...command.flags, { name: 'help', description: 'Show this help.' } as Flag].map(
    ({ name, value, description }) => [`--${name}${value === undefined ? '' : ` ${value}`}`, description] as const,
  );
  const width = Math.max(...flags.map(([flag]) => flag.length));
  return [
    title,
    '',
    command.summary,
    '',
    ...flags.map(([flag, text]) => `  ${flag.padEnd(width)}  ${text}`),
    ...(command.notes ?? []).flatMap((note) => ['', note]),
    '',
  ].join('\n');
}
