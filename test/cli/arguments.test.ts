import { expect } from 'chai';
import { type Command, helpOf, readArguments, readNumber, suggestion } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { CoaxError } from '../../src/errors.ts';

const command: Command = {
  name: 'play',
  summary: 'Play it.',
  positionals: ['FILE'],
  flags: [
    { name: 'port', value: 'N', description: 'A port.' },
    { name: 'loud', description: 'Loudly.' },
  ],
  run: () => Promise.resolve(0),
};

function failure(args: string[]): CoaxError {
  try {
    readArguments(command, args);
  } catch (error) {
    if (error instanceof CoaxError) return error;
  }
  throw new Error('nothing was wrong');
}

describe('the command line', () => {
  it('reads flags in both spellings, and positionals between them', () => {
    for (const args of [
      ['--port', '7', 'a.mkv', '--loud'],
      ['a.mkv', '--port=7', '--loud'],
    ]) {
      const read = readArguments(command, args);
      expect(read.positionals).to.deep.equal(['a.mkv']);
      expect(read.value('port')).to.equal('7');
      expect(read.flag('loud')).to.equal(true);
    }
  });

  it('takes a lone dash and everything after -- as positionals', () => {
    expect(readArguments(command, ['-']).positionals).to.deep.equal(['-']);
    expect(readArguments(command, ['--', '--odd']).positionals).to.deep.equal(['--odd']);
  });

  for (const [args, hint] of [
    [['a', '--prot', '7'], 'Did you mean --port?'],
    [['a', '--something-else'], '--something-else is no flag'],
    [['a', '-p', '7'], '-p is no flag'],
    [['a', '--port'], '--port needs a value: N'],
    [['a', '--port', '--loud'], '--port needs a value'],
    [['a', '--port='], '--port must not be empty'],
    [['a', '--loud=yes'], '--loud takes no value'],
    [['a', '--port', '1', '--port', '2'], 'given twice'],
    [[], 'takes FILE, but nothing was given'],
    [['a', 'b'], 'takes FILE, but "a b" was given'],
  ] as const) {
    it(`says what is wrong with ${JSON.stringify(args.join(' '))}`, () => {
      const error = failure([...args]);
      expect(error.code).to.equal('USAGE');
      expect(error.message).to.include(hint);
      expect(error.message).to.include('coax play --help');
    });
  }

  it('takes numbers only as whole numbers within their bounds', () => {
    const read = (text: string): number =>
      readNumber(readArguments(command, ['a', `--port=${text}`]), 'port', 1, { min: 0, max: 65_535 });
    expect(read('0')).to.equal(0);
    for (const text of ['70000', '-1', '1.5', 'x', '1e3', '']) expect(() => read(text), text).to.throw(CoaxError);
    expect(readNumber(readArguments(command, ['a']), 'port', 8730, { min: 0, max: 65_535 })).to.equal(8730);
  });

  it('suggests only what is near', () => {
    expect(suggestion('sevre', ['serve', 'check'])).to.equal(' Did you mean serve?');
    expect(suggestion('zzzzzz', ['serve', 'check'])).to.equal('');
  });

  it('has a help for each command that names all its flags', () => {
    for (const each of commands) {
      const help = helpOf(each);
      for (const { name } of each.flags) expect(help).to.include(`--${name}`);
      expect(help).to.include(each.summary);
    }
  });
});
