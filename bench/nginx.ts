import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, have, pinned } from './processes.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/**
 * nginx as people put it in front of a provider: one upstream connection a client, `proxy_buffering on` with 4 x 64k, one process on
 * `core`. Null when nginx is not installed.
 */
export function startNginx(folder: string, upstreamPort: number, core: number): Promise<Nginx | null> {
  return start(
    folder,
    core,
    `proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_buffering on; proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 128k;
      proxy_max_temp_file_size 0; proxy_read_timeout 60s;`,
  );
}

/** nginx with the files of `root`, sent by the kernel. Null when nginx is not installed. */
export function startFileNginx(folder: string, root: string, core: number): Promise<Nginx | null> {
  return start(folder, core, `root ${root}; sendfile on; tcp_nopush on; open_file_cache max=1000;`);
}

async function start(folder: string, core: number, location: string): Promise<Nginx | null> {
  if (!have('nginx')) return null;
  const prefix = join(folder, 'nginx');
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  mkdirSync(join(prefix, 'temp'), { recursive: true });
  const port = await freePort();
  const config = join(prefix, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp/${name};`);
  writeFileSync(
    config,
    `daemon off; master_process off; worker_rlimit_nofile 16384; error_log logs/error.log crit; pid nginx.pid;
events { worker_connections 8192; multi_accept on; }
http {
  access_log off; ${temp.join(' ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      ${location}
    }
  }
}
`,
  );
  const child = new Child([
    ...pinned(core),
    'nginx',
    '-p',
    prefix,
    '-c',
    config,
    '-e',
    join(prefix, 'logs', 'error.log'),
  ]);
  await sleep(300);
  return { port, pid: child.pid, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
