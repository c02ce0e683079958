import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assemblyName } from './manifest.ts';

/** Thrown when the .NET SDK is not there, or too old; the message says what to do. */
export class NoSdkError extends Error {}

const wantedSdk = 9;
const environment = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };

/** The version of the .NET SDK that `dotnet` on PATH is. */
export function sdkVersion(): string {
  const { status, stdout } = spawnSync('dotnet', ['--version'], { encoding: 'utf8', env: environment });
  const version = (stdout ?? '').trim();
  if (status !== 0 || version === '')
    throw new NoSdkError(
      `The plugin's assembly is built by the .NET SDK, and there is none: \`dotnet --version\` does not answer. Install the SDK, version ${wantedSdk} or newer (https://dotnet.microsoft.com/download), so that \`dotnet\` is on PATH. The engine is built without it: npm run build.`,
    );
  if (Number.parseInt(version, 10) < wantedSdk)
    throw new NoSdkError(`The .NET SDK is version ${version}; the plugin needs ${wantedSdk} or newer.`);
  return version;
}

/** Builds the plugin's assembly into a folder below `work` and returns its path. */
export function buildAssembly(root: string, work: string, properties: readonly string[] = []): string {
  sdkVersion();
  const project = join(root, 'plugin', 'jellyfin', 'Jellyfin.Plugin.Coax.csproj');
  const args = ['build', project, '-c', 'Release', '--artifacts-path', work, '-nodeReuse:false', '-v', 'q'];
  const { status, stdout, stderr } = spawnSync('dotnet', [...args, ...properties.map((one) => `-p:${one}`)], {
    encoding: 'utf8',
    env: environment,
  });
  if (status !== 0) throw new Error(`dotnet build of the plugin failed:\n${stdout}${stderr}`);
  const assembly = join(work, 'bin', 'Jellyfin.Plugin.Coax', 'release', assemblyName);
  if (!existsSync(assembly)) throw new Error(`dotnet build has made no ${assembly}.`);
  return assembly;
}
