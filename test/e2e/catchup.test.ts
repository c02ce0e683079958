import { expect } from 'chai';
import { type ArchiveSettings, defaultSettings, type Fault } from '../support/fake-provider/settings.ts';
import { startEngine } from '../support/engine.ts';
import { ffmpegPlay, ffprobe, needFfmpeg } from '../support/players.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { startFakeProvider } from '../support/start-fake-provider.ts';
import { waitUntil } from '../support/wait-until.ts';

const usual = defaultSettings.archive;
const nowUnix = (): number => Math.floor(Date.now() / 1000);
/** A whole minute, so many seconds ago. */
const ago = (seconds: number): number => Math.floor((nowUnix() - seconds) / 60) * 60;

describe('a past programme through the engine, on an account with one connection', function () {
  this.timeout(120_000);
  let rig: Rig;
  let base = '';
  before(async () => {
    rig = await startRig();
    const channel = (await rig.engine.channels()).find(({ name }) => name === 'Channel 1');
    base = `${rig.engine.url}/o/${(await rig.engine.output()).token}/catchup/${channel?.id}.ts`;
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  const provide = async (archive: Partial<ArchiveSettings>, ...faults: Fault[]): Promise<void> => {
    await rig.clean();
    await rig.provider.set({ archive: { ...usual, ...archive }, faults });
    await rig.provider.reset();
  };
  const asked = async (): Promise<string[]> =>
    (await rig.provider.state()).requests.filter(({ url }) => /timeshift/.test(url)).map(({ url }) => url);

  // Each test asks for a time of its own: what was learned of an archive is kept.
  let turn = 0;
  const someTime = (): number => ago(7_200 + 600 * turn++);

  for (const [what, archive] of [
    ['a file with ranges', {}],
    ['a stream without a length', { delivery: 'stream' }],
    ['a stream with a clock of its own each time', { delivery: 'stream', ownClock: true }],
    [
      'a file behind a warning of PHP',
      { preamble: '<br />\n<b>Warning</b>: fopen() in <b>/a.php</b> on line <b>3</b><br />\n' },
    ],
  ] as const) {
    it(`is probed, played from its middle, and ends when it should: ${what}`, async function () {
      needFfmpeg(this);
      await provide(archive);
      const start = someTime();
      const url = `${base}?start=${start}&end=${start + 120}`;
      const head = await fetch(url, { method: 'HEAD' });
      expect(head.status).to.equal(200);
      expect(await asked()).to.deep.equal([]);
      const probe = await ffprobe(url);
      // It begins at the first key frame.
      expect(Number(probe.format['duration'])).to.be.closeTo(120, 2.5);
      const middle = await ffmpegPlay(url, { seek: 60, seconds: 4 });
      expect(middle.code).to.equal(0);
      expect(middle.seconds).to.be.closeTo(4, 0.2);
      const whole = await ffmpegPlay(url);
      // A file of this provider begins and ends within a picture, and is passed on as it is; what has no clock to go by can only be joined
      // at a key frame.
      if (!/with ranges|of its own/.test(what)) expect([...probe.errors, ...whole.errors]).to.deep.equal([]);
      expect(whole.seconds).to.be.closeTo(120, 2.5);
      await rig.expectHeld();
    });
  }

  it('goes on over a connection that breaks in the middle, without a gap or a wrong frame', async function () {
    needFfmpeg(this);
    for (const delivery of ['file', 'stream'] as const) {
      await provide({ delivery }, { kind: 'timeshift', resetAfterBytes: 9_000_000, skip: 0, times: 2 });
      const start = someTime();
      const play = await ffmpegPlay(`${base}?start=${start}&end=${start + 120}`);
      const broken = play.errors.filter((line) => !/PPS|no frame|slice_header|repeated/.test(line));
      if (delivery === 'stream') expect(broken).to.deep.equal([]);
      expect(play.videoFrames, delivery).to.be.within(2_900, 3_005);
      expect((await asked()).length, delivery).to.be.at.least(3);
      await rig.expectHeld();
    }
  });

  it('asks in one form after the other, keeps what worked, and never plays a page or live TV for it', async () => {
    await provide({ forms: ['query-sql'], html: ['path-dash'], live: ['query-underscore'], delivery: 'stream' });
    const start = someTime();
    const first = await fetch(`${base}?start=${start}&end=${start + 120}`, { headers: { range: 'bytes=0-1879' } });
    expect(first.status).to.equal(206);
    await first.arrayBuffer();
    const forms = (await asked()).map((url) =>
      /\/timeshift\/[^/]+\/[^/]+\/\d+\/([^/]+)\/|start=([^&]+)/.exec(url)?.slice(1).join(''),
    );
    expect(forms.slice(0, 4).map((text) => text?.replace(/\d+/g, '0'))).to.deep.equal([
      '0-0-0:0-0',
      '0-0-0_0-0',
      '0-0-0:0:0:0',
      '0-0-0_0-0',
    ]);
    await rig.provider.reset();
    const second = await fetch(`${base}?start=${start - 600}&end=${start - 480}`, {
      headers: { range: 'bytes=0-1879' },
    });
    expect(second.status).to.equal(206);
    await second.arrayBuffer();
    const again = await asked();
    expect(again[0]).to.match(/start=\d+-\d+-\d+%20\d+%3A\d+%3A\d+&duration=2$/);
    await rig.expectHeld();
  });

  it('says why there is none: too old, not yet on, no archive, nothing at the provider', async () => {
    await provide({ forms: [] });
    const code = async (query: string, url = base): Promise<[number, unknown]> => {
      const answer = await fetch(`${url}?${query}`);
      return [answer.status, ((await answer.json()) as { code: unknown }).code];
    };
    const now = nowUnix();
    expect(await code(`start=${now - 9 * 86_400}`)).to.deep.equal([404, 'NO_ARCHIVE']);
    expect(await code(`start=${now + 600}`)).to.deep.equal([404, 'NOT_YET_ON']);
    expect(await code('start=yesterday')).to.deep.equal([400, 'BAD_REQUEST']);
    const other = (await rig.engine.channels()).find(({ name }) => name === 'Channel 2');
    expect(await code(`start=${now - 600}`, base.replace(/[^/]+$/, `${other?.id}.ts`))).to.deep.equal([
      404,
      'NO_ARCHIVE',
    ]);
    expect((await code(`start=${someTime()}&duration=5`))[0]).to.be.within(400, 599);
    await rig.expectHeld();
  });

  it('is shown while it plays, holds one lease of its kind, and gives way to the next one of the same viewer', async () => {
    await provide({ delivery: 'stream' });
    const start = someTime();
    const watch = (from: number) => {
      const stop = new AbortController();
      const answer = fetch(`${base}?start=${from}&end=${from + 600}`, { signal: stop.signal });
      return { stop, answer };
    };
    const first = watch(start);
    expect((await first.answer).status).to.equal(200);
    const { body } = await rig.engine.api<readonly { kind: string; title: string }[]>('GET', '/streams');
    expect(body.map(({ kind }) => kind)).to.deep.equal(['catchup']);
    expect(body[0]?.title).to.match(/^Channel 1: Programme/);
    const second = watch(start - 3_600);
    expect((await second.answer).status).to.equal(200);
    // The same player, as it switches back to what is on.
    const live = new AbortController();
    const channel = await fetch(await rig.engine.liveUrl('Channel 2'), { signal: live.signal });
    expect(channel.status).to.equal(200);
    await waitUntil('only the channel plays', async () => {
      const now = await rig.engine.api<readonly { kind: string; consumers: unknown[] }[]>('GET', '/streams');
      return now.body.filter(({ consumers }) => consumers.length > 0).every(({ kind }) => kind === 'live');
    });
    for (const { stop } of [first, second]) stop.abort();
    live.abort();
    await rig.expectHeld();
    expect(rig.engine.said + rig.engine.logs()).to.not.contain(rig.provider.login.password);
  });

  it('plays from its start while it is still on, and goes on as the archive grows', async () => {
    await provide({ delivery: 'stream', lagSec: 5 });
    const stop = new AbortController();
    const start = nowUnix() - 90;
    const answer = await fetch(`${base}?start=${start}&end=${start + 3_600}`, { signal: stop.signal });
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-length')).to.equal(null);
    expect(answer.headers.get('accept-ranges')).to.equal('none');
    let bytes = 0;
    // The archive had 85 seconds when it was asked; it is asked again when it should have more.
    const had = 75 * 200_000;
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.length;
      if ((await asked()).length > 1 && bytes > had) break;
    }
    stop.abort();
    expect(bytes).to.be.greaterThan(had);
    await rig.expectHeld();
  });
});

describe('a past programme with two accounts', function () {
  this.timeout(60_000);

  it('is played on the second when the first is refused', async () => {
    const logins = [
      { username: 'one', password: 'first-pass-11', maxConnections: 1 },
      { username: 'two', password: 'second-pass-22', maxConnections: 1 },
    ];
    await using rig = await startRig({ provider: { logins, archive: { ...usual, delivery: 'stream' } } });
    await rig.provider.faults({ kind: 'timeshift', username: 'one', status: 401 });
    const channel = (await rig.engine.channels()).find(({ name }) => name === 'Channel 1');
    const { token } = await rig.engine.output();
    const start = ago(7_200);
    const answer = await fetch(`${rig.engine.url}/o/${token}/catchup/${channel?.id}?start=${start}&duration=1`, {
      headers: { range: 'bytes=0-9999' },
    });
    expect(answer.status).to.equal(206);
    await answer.arrayBuffer();
    const { requests } = await rig.provider.state();
    const paths = requests.filter(({ url }) => url.startsWith('/timeshift')).map(({ url }) => url.split('/')[2]);
    // The first may be asked again in case that it was full; the second only when that is no use.
    expect(paths[0]).to.equal('one');
    expect(paths.indexOf('two')).to.equal(paths.length - 1);
    await rig.quiet();
  });
});

describe('a past programme of a playlist, through the engine', function () {
  this.timeout(120_000);

  for (const [what, archive] of [
    [
      'a Flussonic server',
      { playlist: 'catchup="flussonic" catchup-days="3"', entry: 'mpegts', forms: ['flussonic-ts'] },
    ],
    [
      'a Flussonic server that has it in segments',
      { playlist: 'catchup="fs" catchup-days="3"', entry: 'mpegts', forms: ['flussonic-m3u8'] },
    ],
    [
      'a template',
      {
        playlist:
          'catchup="default" catchup-days="3" catchup-source="{base}/timeshift/{login}/{duration:60}/{Y}-{m}-{d}:{H}-{M}/{id}.ts"',
        forms: ['path-dash'],
      },
    ],
    ['a panel behind the playlist', { playlist: 'catchup="xc" catchup-days="3"', forms: ['path-underscore'] }],
  ] as const) {
    it(`is played from ${what}`, async function () {
      needFfmpeg(this);
      const settings = { ...usual, delivery: 'stream' as const, ...archive };
      await using provider = await startFakeProvider({ archive: settings });
      await using engine = await startEngine({ demo: false, settings: quickSettings });
      const { username, password } = provider.login;
      const query = new URLSearchParams({ username, password, type: 'm3u_plus', output: 'ts' });
      await engine.addSource({
        kind: 'm3u',
        name: 'List',
        url: `${provider.url}/get.php?${query.toString()}`,
        timeZone: 'Europe/Amsterdam',
      });
      const channel = (await engine.channels()).find(({ name }) => name === 'Channel 2');
      const { token, urls } = await engine.output();
      const playlist = await (await fetch(urls.m3u)).text();
      const template = new RegExp(`catchup-source="([^"]*/catchup/${channel?.id}[^"]*)"`).exec(playlist)?.[1] ?? '';
      expect(template).to.equal(`${engine.url}/o/${token}/catchup/${channel?.id}.ts?start={utc}&end={utcend}`);
      expect(playlist).to.contain('catchup-days="3"').and.not.contain(password);
      const start = ago(7_200);
      const play = await ffmpegPlay(template.replace('{utc}', String(start)).replace('{utcend}', String(start + 60)));
      // The segments of this server are cut anywhere.
      if (!what.includes('segments')) expect(play.errors).to.deep.equal([]);
      expect(play.seconds).to.be.closeTo(60, 4);
      const state = await provider.quiet();
      expect([state.peak, state.refused]).to.deep.equal([1, 0]);
    });
  }
});

describe('the guide of a channel with an archive, through the engine', function () {
  this.timeout(60_000);

  it('says which programmes can be played, for as long as the archive, also when the provider drops them', async () => {
    await using rig = await startRig({ provider: { guide: { pastDays: 4, days: 1 } } });
    const named = async (name: string) => (await rig.engine.channels()).find((channel) => channel.name === name);
    const [archived, plain] = [await named('Channel 1'), await named('Channel 2')];
    const list = async (id: string | undefined) => {
      const from = nowUnix() - 5 * 86_400;
      const { body } = await rig.engine.api<{ items: { start: string; hasArchive?: boolean }[] }>(
        'GET',
        `/guide?channel=${id}&from=${from}&to=${nowUnix() + 7_200}`,
      );
      return body.items.map(({ start, hasArchive = false }) => ({
        age: nowUnix() - Date.parse(start) / 1000,
        hasArchive,
      }));
    };
    const before = await list(archived?.id);
    expect(before.length).to.be.greaterThan(90);
    for (const { age, hasArchive } of before) expect(hasArchive).to.equal(age > 0);
    const others = await list(plain?.id);
    expect(others.length).to.be.within(24, 52);
    expect(others.some(({ hasArchive }) => hasArchive)).to.equal(false);
    await rig.provider.set({ guide: { pastDays: 0, shiftMin: 0 } });
    await rig.engine.refresh(rig.sourceId);
    const after = await list(archived?.id);
    expect(after.length).to.be.at.least(before.length - 1);
    const { urls } = await rig.engine.output();
    const guide = await (await fetch(urls.xmltv)).text();
    const listed = [...guide.matchAll(new RegExp(`channel="${archived?.id}"`, 'g'))].length;
    expect(listed).to.be.greaterThan(90);
  });
});
