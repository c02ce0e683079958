import { expect } from 'chai';
import { guardedLookup, isAllowedHost, isPublicAddress } from '../../src/lineup/address-guard.ts';

describe('the guard of addresses', () => {
  for (const [address, isPublic] of [
    ['8.8.8.8', true],
    ['2001:4860:4860::8888', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['::1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', true],
    ['nonsense', false],
  ] as const) {
    it(`takes ${address} for ${isPublic ? 'public' : 'not public'}`, () => {
      expect(isPublicAddress(address)).to.equal(isPublic);
    });
  }

  it('lets the hosts of the sources through, names and addresses', () => {
    const trusted = new Set(['127.0.0.1', '::1', 'panel.lan']);
    for (const host of ['127.0.0.1', '[::1]', 'panel.lan', 'PANEL.LAN', 'example.org', '8.8.8.8'])
      expect(isAllowedHost(host, trusted), host).to.equal(true);
    for (const host of ['127.0.0.2', '[fd00::1]', '192.168.0.1'])
      expect(isAllowedHost(host, trusted), host).to.equal(false);
  });

  it('refuses a name that leads into the own network, and gives its address when it is trusted', async () => {
    const look = (trusted: string[]): Promise<{ error: Error | null; address: unknown }> =>
      new Promise((resolve) => {
        guardedLookup(new Set(trusted))('localhost', {}, (error, address) => resolve({ error, address }));
      });
    expect((await look([])).error)
      .to.be.an('error')
      .with.property('code', 'EACCES');
    const { error, address } = await look(['localhost']);
    expect(error).to.equal(null);
    expect(address).to.match(/^(127\.|::1)/);
  });
});
