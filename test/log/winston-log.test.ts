import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { Redactor } from '../../src/log/redactor.ts';
import { RepeatGuard } from '../../src/log/repeat-guard.ts';
import { type LogEntry, createRootLog } from '../../src/log/winston-log.ts';

describe('the log', () => {
  let folder: string;
  let file: string;
  let written: sinon.SinonStub;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-log-'));
    file = join(folder, 'coax.log');
    written = sinon.stub(process.stderr, 'write').returns(true);
  });
  afterEach(async () => {
    written.restore();
    await rm(folder, { recursive: true });
  });

  it('hides secrets at every sink, in messages, fields and errors, and keeps bound fields', async () => {
    const redactor = new Redactor();
    redactor.setSecrets('s', ['hunter2!']);
    const seen: LogEntry[] = [];
    const log = createRootLog({ level: 'debug', format: 'text', file, redactor, onEntry: (entry) => seen.push(entry) });
    const bound = log.child({ part: 'relay' }).child({ channel: 'c1' });
    bound.warn('login hunter2! failed', {
      url: 'http://bob:hunter2!@h/',
      error: new Error('hunter2!', { cause: 'hunter2!' }),
      none: undefined,
    });
    await log.close();
    written.restore();
    const [line] = (await readFile(file, 'utf8')).trim().split('\n');
    const entry = JSON.parse(line!) as LogEntry;
    expect(entry).to.include({ level: 'warn', part: 'relay', channel: 'c1', message: 'login *** failed' });
    expect(entry).to.not.have.property('none');
    const console = written.args.map(([text]) => String(text)).join('');
    expect(console).to.match(/WARN {2}\[relay\] login \*\*\* failed channel=c1/);
    for (const text of [line, console, JSON.stringify(seen)]) expect(text).to.not.include('hunter2');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('writes from its level upwards, and another level from when it is set', async () => {
    const seen: string[] = [];
    const log = createRootLog({
      level: 'warn',
      format: 'json',
      redactor: new Redactor(),
      onEntry: ({ message }) => seen.push(message),
    });
    log.info('one');
    log.error('two');
    log.setLevel('info');
    log.info('three');
    await log.close();
    expect(seen).to.deep.equal(['two', 'three']);
  });
});

describe('RepeatGuard', () => {
  it('lets 20 equal lines through in ten seconds, and tells later how many it held back', () => {
    const clock = sinon.useFakeTimers();
    try {
      const guard = new RepeatGuard();
      const first = Array.from({ length: 50 }, () => guard.admit('a'));
      expect(first.filter((held) => held !== null)).to.have.length(20);
      expect(guard.admit('b')).to.equal(0);
      clock.tick(10_000);
      expect(guard.admit('a')).to.equal(30);
      expect(guard.admit('a')).to.equal(0);
    } finally {
      clock.restore();
    }
  });
});
