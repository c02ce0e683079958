import { expect } from 'chai';
import fc from 'fast-check';
import { deviceIdOf, discovery, guideNumbers, isDeviceId, lineupEntry } from '../../src/lineup/hdhomerun.ts';

describe('the HDHomeRun output', () => {
  it('takes no text for an id', () => {
    for (const text of ['nonsense', '', '1234567', '123456789', 'XYZ12345'])
      expect(isDeviceId(text), text).to.equal(false);
  });

  it('gives every output an id of its own with a right check digit', () => {
    fc.assert(
      fc.property(fc.string(), (output) => {
        expect(isDeviceId(deviceIdOf(output))).to.equal(true);
        expect(deviceIdOf(output)).to.equal(deviceIdOf(output));
      }),
    );
    expect(deviceIdOf('a')).to.not.equal(deviceIdOf('b'));
  });

  it('finds each single wrong digit of an id', () => {
    const id = deviceIdOf('x');
    for (let at = 0; at < 8; at += 1) {
      for (const digit of '0123456789ABCDEF') {
        if (digit !== id[at]) expect(isDeviceId(id.slice(0, at) + digit + id.slice(at + 1))).to.equal(false);
      }
    }
  });

  it('never names a model for which hosts ask for transcoded variants', () => {
    expect(discovery({ id: 'a', name: 'n' }, 'http://h/o/t', 2).ModelNumber.toLowerCase()).to.not.include('hdtc');
  });

  it('leaves out what is not known of a channel', () => {
    expect(lineupEntry({ number: '1', name: 'n', url: 'u', hd: false })).to.deep.equal({
      GuideNumber: '1',
      GuideName: 'n',
      URL: 'u',
    });
    expect(
      lineupEntry({ number: '1', name: 'n', url: 'u', hd: true, videoCodec: 'h264', audioCodec: 'eac3' }),
    ).to.include({ HD: 1, VideoCodec: 'H264', AudioCodec: 'EAC3' });
  });

  it('gives every channel a number of its own, and leaves those that have one alone', () => {
    expect(guideNumbers(['1', null, '2.1', '1', null, '7'])).to.deep.equal(['1', '8', '2.1', '9', '10', '7']);
    expect(guideNumbers([null, null])).to.deep.equal(['1', '2']);
    expect(guideNumbers([])).to.deep.equal([]);
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }).map(String))), (numbers) => {
        const given = guideNumbers(numbers);
        expect(new Set(given).size).to.equal(numbers.length);
        for (const [index, number] of numbers.entries())
          if (number !== null && numbers.indexOf(number) === index) expect(given[index]).to.equal(number);
      }),
    );
  });
});
