import { App } from '../app.ts';
import { CoaxError } from '../errors.ts';
import { type ParsedArguments, readNumber } from './arguments.ts';
import { adminTokenOf, dataFolderOf } from './data-folder.ts';

/** What ends the engine: a signal, the closing of standard input, or the death of the process that launched it. */
function endings(lifeline: boolean): { readonly first: Promise<string>; readonly second: Promise<string> } {
  const told: ((reason: string) => void)[] = [];
  const wait = (): Promise<string> => new Promise((resolve) => told.push(resolve));
  const first = wait();
  const second = wait();
  const tell = (reason: string): void => told.shift()?.(reason);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell(signal));
  if (lifeline) {
    // A pipe that closes says so more than once; only a second signal means "at once".
    const closed = new Promise<void>((resolve) => {
      for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve());
    });
    void closed.then(() => tell('standard input closed'));
    process.stdin.resume();
  }
  if (process.connected) process.once('disconnect', () => tell('launcher ended'));
  return { first, second };
}

/** Runs the engine. Resolves with the exit code once everything has ended in order; a second signal does not wait. */
export async function serve(args: ParsedArguments): Promise<number> {
  const dataDir = dataFolderOf(args);
  const port = readNumber(args, 'port', Number(process.env['COAX_PORT'] ?? 8730), 0, 65_535);
  const host = args.value('host') ?? process.env['COAX_HOST'] ?? '127.0.0.1';
  const logFormat = args.value('log-format') ?? 'text';
  if (logFormat !== 'text' && logFormat !== 'json')
    throw new CoaxError(
      'USAGE',
      `--log-format has to be text or json, not ${JSON.stringify(logFormat)}. See coax serve --help.`,
    );

  const { first, second } = endings(args.flag('stdin-lifeline'));
  const app = await App.start({ dataDir, host, port, logFormat, adminToken: await adminTokenOf(dataDir) });
  process.stdout.write(`${app.greeting()}\n`);
  const reason = await first;
  const ended = app.stop(reason).then(() => 'ended');
  const how = await Promise.race([ended, second]);
  // After a second signal, and for anything that still holds the loop: nothing is waited for.
  setTimeout(() => process.exit(how === 'ended' ? 0 : 130), how === 'ended' ? 250 : 0).unref();
  if (how !== 'ended') process.exit(130);
  return 0;
}
