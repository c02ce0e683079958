import { commands } from '../src/cli/commands.ts';
import { helpOf } from '../src/cli/arguments.ts';
import { configReference } from '../src/config/reference.ts';
import { errorTable } from '../src/errors.ts';

function errorReference(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, title, action }]) => `| \`${code}\` | ${status} | ${title} | ${action} |`,
  );
  return [
    '# Errors',
    '',
    'Made from `src/errors.ts` by `npm run docs`. Every error of the API is an RFC 9457 problem document with one of these codes; the command',
    'line prints the same sentences. Streams that can not be opened carry the code in the header `X-Coax-Reason`.',
    '',
    '| code | status | what happened | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function commandReference(): string {
  const parts = commands.flatMap((command) => [
    `## coax ${command.name}`,
    '',
    '```text',
    helpOf(command).trimEnd(),
    '```',
    '',
  ]);
  return ['# Command line', '', 'Made from `src/cli/commands.ts` by `npm run docs`.', '', ...parts].join('\n');
}

/** Documentation that is made from the source, by file name in docs/. */
export function generatedDocs(): Record<string, string> {
  return {
    'configuration.md': configReference(),
    'errors.md': errorReference(),
    'command-line.md': commandReference(),
  };
}
