import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { commandLines } from '../support/process-tree.ts';
import { leaksIn } from '../support/secret-forms.ts';

const root = join(import.meta.dirname, '..', '..');

describe('an engine that a plugin starts', function () {
  this.timeout(90_000);
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'coax-handshake-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const statusOf = async (url: string, token: string) =>
    (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;

  it('says one line on standard output: where it is and a token for both of its APIs', async () => {
    await using engine = await startEngine({ dataDir, handshake: true });
    const said: string[] = [];
    engine.child.stdout?.on('data', (text: string) => said.push(text));
    const { handshake } = engine;
    expect(handshake).to.include({ coax: 1, host: '127.0.0.1', pid: engine.pid });
    expect(handshake?.version).to.match(/^\d+\.\d+\.\d+/);
    expect((await engine.host('GET', '/health')).status).to.equal(200);
    expect((await engine.api('GET', '/sources')).status).to.equal(200);
    const admin = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
    expect(admin).to.not.equal(engine.token);
    expect(await statusOf(`${engine.url}/host/v1/health`, admin)).to.equal(200);
    expect(await statusOf(`${engine.url}/host/v1/health`, 'wrong')).to.equal(401);
    await engine.settled();
    await engine.end();
    expect(said.join('')).to.equal('');
    for (const line of engine.complained.split('\n').filter((text) => text !== ''))
      expect(JSON.parse(line)).to.include.keys('time', 'level', 'message');
  });

  it('keeps its token out of arguments, environment, logs and files, and makes another one at each start', async () => {
    let first: { token: string; url: string };
    {
      await using engine = await startEngine({ dataDir, handshake: true });
      first = { token: engine.token, url: engine.url };
      await engine.settled();
      const { body } = await engine.host<{ channels: { id: string }[] }>('GET', '/channels');
      const opened = await engine.host('POST', '/streams', { channelId: body.channels[0]?.id });
      expect(opened.status).to.equal(201);
      const environment = await readFile(`/proc/${engine.pid}/environ`, 'latin1').catch(() => '');
      const secrets = [first.token];
      expect(leaksIn(commandLines(engine.pid).join('\n') + environment, secrets)).to.deep.equal([]);
      expect(leaksIn(engine.complained + engine.logs(), secrets)).to.deep.equal([]);
      expect(leaksIn(await readFile(join(dataDir, 'config.json'), 'utf8'), secrets)).to.deep.equal([]);
    }
    await using again = await startEngine({ dataDir, handshake: true });
    expect(again.token).to.not.equal(first.token);
    for (const path of ['/host/v1/health', '/api/v1/sources']) {
      expect(await statusOf(again.url + path, first.token)).to.equal(401);
      expect(await statusOf(again.url + path, again.token)).to.equal(200);
    }
  });

  it('listens where it did before, or anywhere when that port is taken', async () => {
    const args = ['--port-fallback'];
    let port = 0;
    {
      await using engine = await startEngine({ dataDir, handshake: true, args });
      port = engine.port;
    }
    {
      await using engine = await startEngine({ dataDir, handshake: true, args, port });
      expect(engine.port).to.equal(port);
    }
    const other = net.createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await using engine = await startEngine({ dataDir, handshake: true, args, port });
      expect(engine.port).to.not.equal(port);
      expect((await engine.host('GET', '/health')).status).to.equal(200);
      expect(engine.said + engine.complained).to.include('the port is taken');
    } finally {
      other.close();
    }
  });

  for (const [what, end] of [
    ['standard input closes', (engine: Engine) => engine.child.stdin?.end()],
    ['it is told to', (engine: Engine) => engine.child.kill('SIGTERM')],
  ] as const) {
    it(`ends in order when ${what}`, async () => {
      await using engine = await startEngine({ dataDir, handshake: true });
      const exited = once(engine.child, 'exit', { signal: AbortSignal.timeout(12_000) });
      end(engine);
      expect(await exited).to.deep.equal([0, null]);
    });
  }

  it('says why it can not start, as a line of its log, and ends although standard input is open', async () => {
    await using engine = await startEngine({ dataDir, handshake: true });
    const main = join(root, 'src', 'main.ts');
    const second = spawn(process.execPath, [main, 'serve', '--data', dataDir, '--port', '0', '--handshake']);
    const out: string[] = [];
    const err: string[] = [];
    second.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
    second.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
    const [code] = (await once(second, 'close', { signal: AbortSignal.timeout(30_000) })) as [number];
    expect([code, out.join('')]).to.deep.equal([1, '']);
    expect(JSON.parse(err.join(''))).to.include({ level: 'error', code: 'DATA_FOLDER_IN_USE' });
    expect((await engine.host('GET', '/health')).status).to.equal(200);
  });
});
