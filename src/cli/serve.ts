import { App, type AppOptions } from '../app.ts';
import { newToken } from '../config/new-id.ts';
import { CoaxError } from '../errors.ts';
import { type ParsedArguments, fromEnvironment, readNumber } from './arguments.ts';
import { adminTokenOf, dataFolderOf } from './data-folder.ts';
import { failureLine, handshakeLine } from './handshake.ts';

const launched = process.env['COAX_LAUNCHED'] === '1';
const echoMs = 200;

interface Endings {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
}

/** What ends the engine: a signal, the closing of standard input, or the death of the process that launched it. */
function endings(lifeline: boolean): Endings {
  const told: ((reason: string) => void)[] = [];
  const wait = (): Promise<string> => new Promise((resolve) => told.push(resolve));
  const first = wait();
  const second = wait();
  const tell = (reason: string): void => told.shift()?.(reason);
  // A parent that closes the pipe and sends a signal means one end, in order: only a second signal means "at once".
  const tellOnce = (reason: string): void => {
    if (told.length === 2) tell(reason);
  };
  let lastSignal = { name: '', at: Number.NEGATIVE_INFINITY };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = performance.now();
      // A terminal tells the whole process group, and the launcher passes it on: that is one signal, told twice.
      const echo = launched && lastSignal.name === signal && now - lastSignal.at < echoMs;
      lastSignal = { name: signal, at: now };
      if (!echo) tell(signal);
    });
  }
  if (lifeline) {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => tellOnce('standard input closed'));
    process.stdin.resume();
  }
  if (process.connected) process.once('disconnect', () => tellOnce('launcher ended'));
  return { first, second };
}

/** Runs the engine. Resolves with the exit code once everything has ended in order; a second signal does not wait. */
export async function serve(args: ParsedArguments): Promise<number> {
  const dataDir = dataFolderOf(args);
  const port = readNumber(args, 'port', 8730, { min: 0, max: 65_535, variable: 'COAX_PORT' });
  const host = args.value('host') ?? fromEnvironment('COAX_HOST') ?? '127.0.0.1';
  const logFormat = args.value('log-format') ?? 'text';
  if (logFormat !== 'text' && logFormat !== 'json')
    throw new CoaxError(
      'USAGE',
      `--log-format has to be text or json, not ${JSON.stringify(logFormat)}. See coax serve --help.`,
    );

  const portFallback = args.flag('port-fallback');
  const start = async (run: Partial<AppOptions>): Promise<App> =>
    App.start({ dataDir, host, port, portFallback, logFormat, adminToken: await adminTokenOf(dataDir), ...run });
  const handshake = args.flag('handshake');
  const ending = endings(handshake || args.flag('stdin-lifeline'));
  const runToken = newToken();
  try {
    const app = await start(handshake ? { logFormat: 'json', runToken } : {});
    process.stdout.write(handshake ? handshakeLine(app.listening, runToken) : `${app.greeting()}\n`);
    return await runUntil(ending, app);
  } catch (error) {
    // The lifeline would keep a process alive that has nothing to do.
    process.stdin.destroy();
    if (!handshake) throw error;
    process.stderr.write(failureLine(error));
    return 1;
  }
}

async function runUntil({ first, second }: Endings, app: App): Promise<number> {
  const reason = await first;
  const ended = app.stop(reason).then(() => 'ended');
  const how = await Promise.race([ended, second]);
  // After a second signal, and for anything that still holds the loop: nothing is waited for.
  setTimeout(() => process.exit(how === 'ended' ? 0 : 130), how === 'ended' ? 250 : 0);
  if (how !== 'ended') process.exit(130);
  return 0;
}
