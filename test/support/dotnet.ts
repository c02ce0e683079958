import { spawn, spawnSync } from 'node:child_process';

const environment = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
const version = spawnSync('dotnet', ['--version'], { encoding: 'utf8', env: environment });

/** Whether the .NET SDK is here, which builds the plugin and its harness. */
export const hasDotnet = version.status === 0 && Number.parseInt(version.stdout, 10) >= 9;
export const needsDotnet = ' [skipped: the .NET SDK (dotnet) is not installed]';

export interface DotnetResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs `dotnet` to its end. */
export async function dotnet(args: readonly string[], cwd: string): Promise<DotnetResult> {
  const child = spawn('dotnet', args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output };
}
