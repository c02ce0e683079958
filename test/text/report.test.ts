import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { renderM3uReport, reportM3u } from '../../src/text/m3u-report.ts';
import { DuplicateCounter, RejectCounter } from '../../src/text/report-file.ts';
import { renderXmltvReport, reportXmltv } from '../../src/text/xmltv-report.ts';

const playlist = `#EXTM3U x-tvg-url="http://h/g.xml?token=secret"
#EXTINF:-1 tvg-id="a" tvg-chno="1" tvg-logo="http://h/l" group-title="A" catchup="xc" catchup-days="3",One
http://h/live/u/secret/1.ts
#EXTINF:-1 tvg-id="a" group-title="B;A",Two
http://h/live/u/secret/1.ts|User-Agent=x
#EXTINF:-1 radio="true",Three
http://h/3
#EXTINF:-1,Film
http://h/movie/u/secret/1.mkv
#EXTINF:-1,Show S01E01
http://h/series/u/secret/1.mkv
#EXTINF:-1 tvg-logo="http://h/secret",Broken
/srv/secret/1.ts
#EXTINF:-1,Broken too
`;
const guide = `<tv><channel id="a"><display-name>A</display-name><icon src="x"/></channel><channel id="b"/><channel id="b"/>
<programme channel="a" start="20261121180000 +0000" stop="20261121190000 +0000"><title>T</title><desc>D</desc><category>C</category></programme>
<programme channel="a" start="20261121180000 +0000" stop="20261121190000 +0000"><title>T</title></programme>
<programme channel="z" start="20261121190000 +0000" stop="20261121200000 +0000"><title>T</title><icon src="x"/><episode-num system="xmltv_ns">0.0.</episode-num></programme>
<programme channel="a" start="bad" stop="20261121190000 +0000"><title>T</title></programme>
</tv>`;

describe('the reports', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'coax-report-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(name: string, content: string | Uint8Array): Promise<string> {
    const target = path.join(folder, name);
    await writeFile(target, content);
    return target;
  }

  it('count what is in a playlist', async () => {
    const report = await reportM3u(await file('list', gzipSync(playlist)));
    expect(report).to.deep.equal({
      form: 'playlist',
      packed: ['gzip', 'plain'],
      truncated: false,
      channels: 3,
      radio: 1,
      movies: 1,
      episodes: 1,
      groups: 2,
      withGuideId: 2,
      withLogo: 1,
      withNumber: 1,
      withCatchup: 1,
      withHeaders: 1,
      duplicates: 1,
      sharedGuideIds: 1,
      guideUrls: 1,
      rejects: {
        total: 2,
        first: [
          {
            what: 'channel',
            at: 13,
            reason: 'A file path is no address of a stream',
            excerpt: '-1 tvg-logo="http://…",Broken',
          },
          { what: 'channel', at: 14, reason: 'No address follows #EXTINF', excerpt: '-1,Broken too' },
        ],
        byReason: { 'A file path is no address of a stream': 1, 'No address follows #EXTINF': 1 },
      },
    });
  });

  it('tell a playlist in words, without secrets', async () => {
    const text = renderM3uReport(await reportM3u(await file('list', playlist), { maxRejects: 1 }));
    expect(text).to.match(/^The file is a playlist \(plain\)\.\n {2}channels +3\n/);
    expect(text).to.include('2 rejected:\n  line 13: channel: A file path is no address of a stream');
    expect(text).to.include('and 1 more');
    expect(text).to.not.include('secret');
  });

  it('count what is in a guide', async () => {
    const report = await reportXmltv(await file('guide', guide));
    expect(report).to.deep.include({
      form: 'guide',
      packed: ['plain'],
      truncated: false,
      channels: 3,
      channelsWithIcon: 1,
      duplicateChannels: 1,
      channelsWithoutProgrammes: 1,
      undeclaredChannels: 1,
      programmes: 3,
      withDescription: 1,
      withEpisode: 1,
      withIcon: 1,
      withCategory: 1,
      duplicates: 1,
      firstUnix: Date.parse('2026-11-21T18:00:00Z') / 1000,
      lastUnix: Date.parse('2026-11-21T20:00:00Z') / 1000,
    });
    expect(report.rejects.first.map(({ at, reason }) => [at, reason])).to.deep.equal([
      [5, 'The start time can not be read'],
    ]);
  });

  it('tell a guide in words', async () => {
    const text = renderXmltvReport(await reportXmltv(await file('guide', gzipSync(guide).subarray(0, -4))));
    expect(text).to.match(/^The file is an XMLTV guide \(gzip, plain\)\.\nIt ends too early/);
    expect(text).to.match(/first start +2026-11-21T18:00:00Z\n/);
    expect(text).to.include(
      '1 rejected:\n  line 5: programme: The start time can not be read | channel="a" start="bad"',
    );
  });

  it('say when a file is something else', async () => {
    const page = await file('page', '<!DOCTYPE html><html></html>');
    expect(renderM3uReport(await reportM3u(page))).to.match(/^The file is a web page, no playlist/);
    expect(renderXmltvReport(await reportXmltv(page))).to.match(/^The file is a web page, no guide/);
  });

  it('say when there is no file', async () => {
    const error = await reportM3u(path.join(folder, 'none')).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CoaxError).with.property('code', 'SOURCE_NOT_FOUND');
  });

  it('keep few rejects and count all', () => {
    const counter = new RejectCounter(2);
    for (let at = 1; at <= 1000; at++) counter.add({ what: 'line', at, reason: `reason ${at % 200}` });
    const { total, first, byReason } = counter.report();
    expect([total, first.length, Object.keys(byReason).length]).to.deep.equal([1000, 2, 100]);
  });

  it('count duplicates', () => {
    const counter = new DuplicateCounter();
    for (let i = 0; i < 100_000; i++) counter.add(`http://h/live/u/p/${i % 90_000}.ts`);
    expect([counter.duplicates, counter.distinct]).to.deep.equal([10_000, 90_000]);
  });
});
