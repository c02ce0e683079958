import { expect } from 'chai';
import { belongsTo, hostOf, hostsOfSources } from '../../src/lineup/provider-hosts.ts';

describe('belongsTo', () => {
  const hosts = hostsOfSources([
    {
      url: 'http://Panel.example:8080/get.php?username=u',
      baseUrls: ['http://10.1.2.3:80', 'http://[2001:db8::1]'],
      epgUrl: '',
    },
    { url: '/home/user/list.m3u', baseUrls: [], epgUrl: 'https://epg.example./guide.xml' },
  ]);
  for (const host of [
    'panel.example',
    'PANEL.example',
    'img.panel.example',
    'a.b.panel.example',
    '10.1.2.3',
    '[2001:db8::1]',
    'epg.example',
  ])
    it(`knows ${host} as a provider's`, () => {
      expect(belongsTo(hosts, host)).to.equal(true);
    });
  for (const host of ['example', 'notpanel.example', 'panel.example.org', '1.10.1.2.3', '2.3', 'other.example', ''])
    it(`does not take "${host}" for one`, () => {
      expect(belongsTo(hosts, host)).to.equal(false);
    });

  it('has no host for what is no address', () => {
    expect([hostOf('nonsense'), hostOf(''), hostOf('file:///x')]).to.deep.equal([null, null, null]);
  });
});
