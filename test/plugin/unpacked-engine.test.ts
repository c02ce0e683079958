import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { hasDotnet, needsDotnet } from '../support/dotnet.ts';
import { ffprobe, needFfmpeg } from '../support/players.ts';
import { type PluginBuild, pluginBuild } from '../support/plugin-harness.ts';
import { unpackTo } from '../support/unpacked.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Handshake {
  readonly coax: number;
  readonly port: number;
  readonly token: string;
}

describe(`the engine in the packed plugin${hasDotnet ? '' : needsDotnet}`, function () {
  this.timeout(600_000);
  let built: PluginBuild;
  let folder: string;
  before(async function () {
    if (!hasDotnet) this.skip();
    built = await pluginBuild();
    folder = mkdtempSync(join(tmpdir(), 'coax-unpacked-'));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('starts with no folder of packages above it, answers the handshake, and plays the demo to ffprobe', async function () {
    needFfmpeg(this);
    unpackTo(built.zip, folder);
    expect(existsSync(join(folder, 'node_modules')) || existsSync(join(folder, '..', 'node_modules'))).to.equal(false);
    const args = [
      join(folder, 'engine', 'engine.mjs'),
      'serve',
      '--handshake',
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
    ];
    const engine = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/nonexistent', HOME: folder },
    });
    try {
      const [first] = (await once(createInterface({ input: engine.stdout }), 'line')) as [string];
      const { coax, port, token } = JSON.parse(first) as Handshake;
      expect(coax).to.equal(1);
      const base = `http://127.0.0.1:${port}`;
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      let channelId = '';
      await waitUntil(
        'the demo has channels',
        async () => {
          const answer = await fetch(`${base}/host/v1/channels`, { headers });
          const { channels } = (await answer.json()) as { channels: { id: string }[] };
          channelId = channels[0]?.id ?? '';
          return channelId !== '';
        },
        20_000,
      );
      const body = JSON.stringify({ channelId });
      const opened = await fetch(`${base}/host/v1/streams`, { method: 'POST', headers, body });
      expect(opened.status).to.equal(201);
      const { path } = (await opened.json()) as { path: string };
      const { streams, errors } = await ffprobe(base + path, ['-analyzeduration', '1000000']);
      expect(
        streams.map(({ codec_type }) => codec_type),
        errors.join('\n'),
      ).to.include.members(['video', 'audio']);
    } finally {
      engine.stdin.end();
      const [code] = (await once(engine, 'exit')) as [number];
      expect(code).to.equal(0);
    }
  });
});
