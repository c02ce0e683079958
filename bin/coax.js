#!/usr/bin/env node
// Starts Coax on the Node the project brings (a platform package), whatever Node runs this file. Plain JavaScript that old Nodes understand.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wanted = 24;
/** The young generation grows to 64 MB on large machines and stays there; 16 MB keeps memory flat and costs nothing measurable. */
const flags = ['--max-semi-space-size=16'];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const engine = [join(root, 'dist', 'engine.mjs'), join(root, 'src', 'main.ts')].find((path) => existsSync(path));
const source = join(root, 'src', 'main.ts');
// A checkout runs its sources; an installed package has the bundle only, or both, and then the sources are the same.
const entry = existsSync(source) ? source : engine;

/** The platform package's binary, or null. */
function broughtNode() {
  const names = [
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ];
  const require = createRequire(import.meta.url);
  for (const name of names) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`));
      const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(binary)) return binary;
    } catch {
      // not installed: try the next one
    }
  }
  return null;
}

const major = Number(process.versions.node.split('.')[0]);
const brought = broughtNode();
if (major >= wanted && (brought === null || process.env.COAX_NODE === 'this')) {
  process.argv[1] = entry;
  await import(pathToFileURL(entry).href);
} else if (brought === null) {
  process.stderr.write(
    `coax: this is Node ${process.versions.node}; Coax needs Node ${wanted} or newer, and the one it brings is not installed for ${process.platform}-${process.arch}.\n`,
  );
  process.stderr.write('Install it with the optional dependencies (npm ci), or run coax with a newer Node.\n');
  process.exitCode = 1;
} else {
  // The fourth channel closes when this process dies, however it dies, and the engine then ends too.
  const child = spawn(brought, [...flags, entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, COAX_LAUNCHED: '1' },
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`coax: ${brought} can not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.removeAllListeners(name);
      process.kill(process.pid, signal);
    }
  });
}
