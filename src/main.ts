import { helpOf, readArguments, suggestion } from './cli/arguments.ts';
import { commands } from './cli/commands.ts';
import { CoaxError, toCoaxError } from './errors.ts';
import { version } from './version.ts';

const overview = (): string => {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `Coax ${version}: live TV, catch-up and video on demand from IPTV providers`,
    '',
    'coax COMMAND [flags]',
    '',
    ...lines,
    '',
    'coax COMMAND --help tells more.',
    '',
  ].join('\n');
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const hint = suggestion(
      name,
      commands.map((candidate) => candidate.name),
    );
    throw new CoaxError('USAGE', `${name} is no command of coax.${hint} See coax --help.`);
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(helpOf(command));
    return 0;
  }
  return command.run(readArguments(command, rest));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = toCoaxError(error);
  const detail =
    known.code === 'INTERNAL' && known.cause instanceof Error
      ? `${known.message}: ${known.cause.message}`
      : known.message;
  process.stderr.write(`coax: ${detail}\n`);
  if (known.code !== 'USAGE') process.stderr.write(`      ${known.action}\n`);
  process.exitCode = known.code === 'USAGE' ? 2 : 1;
}
