import { Readable } from 'node:stream';
import { expect } from 'chai';
import { sourceSchema } from '../../../src/config/source-schema.ts';
import type { AccountId } from '../../../src/model/ids.ts';
import type { LiveItem } from '../../../src/model/items.ts';
import { createResolver } from '../../../src/sources/factory.ts';
import { liveItemOf } from '../../../src/sources/m3u/entry-items.ts';
import type { M3uEntry } from '../../../src/text/m3u-entry.ts';
import { readM3u } from '../../../src/text/m3u-reader.ts';

const resolve = (url: string, source: object = {}, headers: Record<string, string> = {}) => {
  const base = { id: 's1', kind: 'm3u', name: 'S', url: '/lists/a.m3u', accounts: [{ id: 'a1' }] };
  return createResolver(sourceSchema.parse({ ...base, ...source })).resolve(
    { kind: 'url', url, headers },
    'a1' as AccountId,
  );
};

describe('addresses of a playlist that are not of the web', () => {
  it('of datagrams name group and port, and the interface of the source where they name none', () => {
    expect(resolve('rtp://@239.1.1.1:5004')).to.deep.equal({
      kind: 'udp',
      address: '239.1.1.1',
      port: 5004,
      rtp: true,
    });
    const source = { multicastInterface: 'eth1' };
    expect(resolve('udp://@239.1.1.1:1234', source)).to.include({ interface: 'eth1', rtp: false });
    expect(resolve('udp://@239.1.1.1:1234?localaddr=10.0.0.5', source)).to.include({ interface: '10.0.0.5' });
  });

  for (const [url, protocol] of [
    ['rtsp://u:p@h/1', 'rtsp'],
    ['RTSPS://h/1', 'rtsp'],
    ['rtmp://h/live/key', 'rtmp'],
    ['rtmps://h/live/key', 'rtmp'],
    ['srt://h:9000?passphrase=secretsecret', 'srt'],
    ['mms://h/1', 'mms'],
    ['mmsh://h/1', 'mms'],
  ])
    it(`of the kind ${url?.split(':')[0]} are read by ffmpeg, as ${protocol}`, () => {
      expect(resolve(url ?? '', {}, { 'User-Agent': 'Mine' })).to.deep.equal({
        kind: 'ffmpeg',
        url,
        protocol,
        headers: { 'user-agent': 'Mine' },
      });
    });

  it("of datagrams take VLC's option for the interface", async () => {
    const lines = ['#EXTM3U', '#EXTINF:-1,A', '#EXTVLCOPT:miface=eth1', 'udp://@239.1.1.1:1234', ''];
    const items: LiveItem[] = [];
    const sink = { entries: (all: readonly M3uEntry[]) => void items.push(...all.map(liveItemOf)), reject: () => {} };
    await readM3u(Readable.from([Buffer.from(lines.join('\n'))]), sink);
    const { locator } = items[0] ?? {};
    expect(locator?.kind === 'url' && resolve(locator.url)).to.include({ address: '239.1.1.1', interface: 'eth1' });
  });

  it('have archives over HTTP, whoever reads the streams', () => {
    const source = sourceSchema.parse({
      id: 's1',
      kind: 'm3u',
      name: 'S',
      url: '/a.m3u',
      accounts: [{ id: 'a1' }],
      readWith: 'ffmpeg',
    });
    const locator = { kind: 'url', url: 'http://h/1.m3u8' } as const;
    const window = { startUnix: 1_700_000_000, endUnix: 1_700_003_600, nowUnix: 1_700_010_000 };
    const catchup = { type: 'append', days: 3, source: '?utc={utc}' };
    const ways = createResolver(source).archive?.(locator, catchup, 'a1' as AccountId, window) ?? [];
    expect(ways[0]?.request).to.include({ kind: 'http' });
  });

  it('leave web addresses to Coax, unless the source says otherwise', () => {
    expect(resolve('http://h/1').kind).to.equal('http');
    expect(resolve('http://h/1', { readWith: 'ffmpeg' })).to.include({ kind: 'ffmpeg', protocol: 'http' });
  });
});
