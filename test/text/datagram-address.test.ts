import { expect } from 'chai';
import fc from 'fast-check';
import { isMulticast, parseDatagramAddress } from '../../src/text/datagram-address.ts';

const group = { address: '239.1.1.1', port: 1234, rtp: false };

describe('an address of datagrams', () => {
  for (const [text, expected] of [
    ['udp://@239.1.1.1:1234', group],
    ['udp://239.1.1.1:1234', group],
    ['UDP://@239.1.1.1:1234/', group],
    ['udp://@239.1.1.1', group],
    ['rtp://@239.1.1.1:1234', { ...group, rtp: true }],
    ['rtp://@239.1.1.1', { ...group, port: 5004, rtp: true }],
    ['udp://@:1234', { ...group, address: '' }],
    ['udp://:1234', { ...group, address: '' }],
    ['udp://127.0.0.1:1234', { ...group, address: '127.0.0.1' }],
    ['udp://localhost:1234', { ...group, address: '127.0.0.1' }],
    ['udp://sender.lan:1234', { ...group, address: '' }],
    ['udp://239.1.1.1:1234?localaddr=10.0.0.5', { ...group, interface: '10.0.0.5' }],
    ['udp://239.1.1.1:1234?pkt_size=1316&interface=eth0.7', { ...group, interface: 'eth0.7' }],
    ['udp://239.1.1.1:1234?fifo_size=100&overrun_nonfatal=1', group],
    ['udp://239.1.1.1:1234?sources=10.0.0.9,10.0.0.8', { ...group, sender: '10.0.0.9' }],
    ['udp://eth0@239.1.1.1:1234', { ...group, interface: 'eth0' }],
    ['udp://239.1.1.1:1234/10.0.0.5', { ...group, interface: '10.0.0.5' }],
    ['rtp://10.0.0.9@232.1.1.1:5004', { address: '232.1.1.1', port: 5004, rtp: true, sender: '10.0.0.9' }],
    ['rtp://10.0.0.9:9@232.1.1.1:5004', { address: '232.1.1.1', port: 5004, rtp: true, sender: '10.0.0.9' }],
    ['udp://@[ff15::1]:1234', { ...group, address: 'ff15::1' }],
    ['udp://@[ff02::1%eth0]:1234', { ...group, address: 'ff02::1', interface: 'eth0' }],
    ['udp://[2001:db8::9]@[ff3e::1]:1234', { ...group, address: 'ff3e::1', sender: '2001:db8::9' }],
    ['udp://[::]:1234', { ...group, address: '::' }],
  ] as const)
    it(`is read from ${text}`, () => expect(parseDatagramAddress(text)).to.deep.equal(expected));

  for (const [text, reason] of [
    ['udp://@239.1.1.1:0', /port/],
    ['udp://@239.1.1.1:70000', /port/],
    ['udp://@239.1.1:1234', /no IP address/],
    ['udp://@239.1.1.999:1234', /no IP address/],
    ['udp://@[239.1.1.1]:1234', /IPv6/],
    ['udp://@ff15::1:1234', /could be read/],
    ['udp://@239.1.1.1:1234:5', /could be read/],
    ['udp://2001:db8::9@[ff3e::1]:x', /could be read/],
    ['udp://@239.1.1.1:1234?sources=nobody', /sender/],
    ['udp://10.0.0.9@[ff3e::1]:1234', /same kind/],
    ['udp://@239.1.1.1:1234?interface=a%20b', /interface/],
    ['http://h/udp/239.1.1.1:1234', /none of a stream over UDP/],
  ] as const)
    it(`tells what is wrong with ${text}`, () => expect(parseDatagramAddress(text)).to.match(reason));

  it('of any other text gives a reason or something a socket takes, and never throws', () => {
    const parts = fc.constantFrom('udp://', 'rtp://', '@', ':', '[', ']', '%', '?', '/', '1', '239.1.1.1', 'ff::', '&');
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 4 })), { maxLength: 12 }), (words) => {
        const read = parseDatagramAddress(words.join(''));
        if (typeof read === 'string') expect(read).to.match(/^The /);
        else expect(read.port).to.be.within(1, 65_535);
      }),
    );
  });
});

describe('isMulticast', () => {
  for (const [address, expected] of [
    ['239.1.1.1', true],
    ['224.0.0.1', true],
    ['ff15::1', true],
    ['127.0.0.1', false],
    ['::', false],
    ['', false],
  ] as const)
    it(`is ${expected} for "${address}"`, () => expect(isMulticast(address)).to.equal(expected));
});
