import { inspect } from 'node:util';
import { expect } from 'chai';
import { CoaxError } from '../../../src/errors.ts';
import { JellyfinClient } from '../../../src/hosts/jellyfin/client.ts';
import { FakeJellyfin } from '../../support/fake-jellyfin.ts';

const addresses = {
  playlist: 'http://127.0.0.1:8730/o/t/playlist.m3u',
  guide: 'http://127.0.0.1:8730/o/t/guide.xml',
  name: 'Coax',
};

describe('the client of Jellyfin', () => {
  let fake: FakeJellyfin;
  let client: JellyfinClient;
  const { signal } = new AbortController();
  beforeEach(async () => {
    fake = await FakeJellyfin.start();
    client = new JellyfinClient(fake.url, fake.apiKey, 'device');
  });
  afterEach(async () => fake[Symbol.asyncDispose]());

  async function failure(work: Promise<unknown>): Promise<CoaxError> {
    try {
      await work;
    } catch (error) {
      expect(error).to.be.instanceOf(CoaxError);
      // Whoever logs the error with all it holds must not log the key.
      expect(inspect(error, { depth: 12, showHidden: true })).to.not.contain(fake.apiKey);
      return error as CoaxError;
    }
    return expect.fail('it went well');
  }

  for (const version of ['10.10.7', '10.11.11', '12.0.0', '12.1.0']) {
    it(`knows Jellyfin ${version}`, async () => {
      fake.version = version;
      expect(await client.facts(signal)).to.deep.equal({ name: 'Living room', product: 'Jellyfin Server', version });
    });
  }

  for (const version of ['10.9.11', '10.8.13', '3.5']) {
    it(`says that Jellyfin ${version} is too old`, async () => {
      fake.version = version;
      expect((await failure(client.facts(signal))).code).to.equal('HOST_UNSUPPORTED');
    });
  }

  it('tells whether the key works', async () => {
    await client.verify(signal);
    const wrong = new JellyfinClient(fake.url, 'wrong', 'device');
    expect((await failure(wrong.verify(signal))).code).to.equal('HOST_REFUSED');
  });

  it('makes a tuner, and a guide for that tuner alone', async () => {
    const made = await client.register(addresses, null, signal);
    expect(fake.tuners).to.have.length(1);
    expect(fake.tuners[0]).to.include({ Id: made.tunerId, Type: 'm3u', Url: addresses.playlist, TunerCount: 0 });
    expect(fake.guides).to.have.length(1);
    expect(fake.guides[0]).to.deep.include({
      Id: made.guideId,
      Type: 'xmltv',
      Path: addresses.guide,
      EnableAllTuners: false,
      EnabledTuners: [made.tunerId],
      MovieCategories: ['movie'],
    });
  });

  it('changes what it made, and makes nothing twice', async () => {
    const first = await client.register(addresses, null, signal);
    const moved = { ...addresses, playlist: 'http://10.0.0.2:8730/o/t/playlist.m3u' };
    expect(await client.register(moved, first, signal)).to.deep.equal(first);
    expect(fake.tuners.map(({ Url }) => Url)).to.deep.equal([moved.playlist]);
    expect(fake.guides).to.have.length(1);
  });

  it('finds what it made by its address when the ids are lost', async () => {
    const first = await client.register(addresses, null, signal);
    expect(await client.register(addresses, null, signal)).to.deep.equal(first);
    expect(fake.tuners).to.have.length(1);
  });

  it('makes anew what the admin deleted, and leaves the tuners of others alone', async () => {
    fake.tuners = [{ Id: 'other', Type: 'hdhomerun', Url: 'http://10.0.0.9' }];
    const first = await client.register(addresses, null, signal);
    fake.tuners = fake.tuners.filter(({ Id }) => Id === 'other');
    const again = await client.register(addresses, first, signal);
    expect(fake.tuners.map(({ Id }) => Id)).to.deep.equal(['other', again.tunerId]);
    await client.unregister(again, signal);
    expect(fake.tuners.map(({ Id }) => Id)).to.deep.equal(['other']);
    expect(fake.guides).to.deep.equal([]);
  });

  it('finds nothing wrong when what it should remove is gone', async () => {
    await client.unregister({ tunerId: 'gone', guideId: 'gone' }, signal);
    expect(fake.asked.filter((route) => route.startsWith('DELETE'))).to.deep.equal([]);
  });

  it('starts the refresh of the guide, unless it runs', async () => {
    await client.refreshGuide(signal);
    expect(fake.started).to.deep.equal(['guide']);
    fake.taskState = 'Running';
    await client.refreshGuide(signal);
    expect(fake.started).to.deep.equal(['guide']);
  });

  it('asks for new files in folders, or in all libraries', async () => {
    await client.scanLibraries(['/media/coax/Movies'], signal);
    expect(fake.updates).to.deep.equal([{ Updates: [{ Path: '/media/coax/Movies', UpdateType: 'Modified' }] }]);
    await client.scanLibraries([], signal);
    expect(fake.started).to.deep.equal(['library']);
  });

  it('tells who watches, whatever else the sessions hold', async () => {
    fake.sessions = [
      {
        UserName: 'Anna',
        DeviceName: 'TV',
        Client: 'Android TV',
        NowPlayingItem: { Name: 'News 1', ChannelNumber: '1' },
      },
      { UserName: 'Ben', Client: 'Jellyfin Web', NowPlayingItem: { Name: 'Evening show', ChannelName: 'News 2' } },
      { UserName: 'Idle', DeviceName: 'Phone' },
      { NowPlayingItem: { Name: 7 } },
      { DeviceName: 'Box', NowPlayingItem: { Name: 'Film' } },
      'nonsense',
      null,
    ];
    expect(await client.watching(signal)).to.deep.equal([
      { title: 'News 1', number: '1', who: 'Anna on TV' },
      { title: 'News 2', number: null, who: 'Ben on Jellyfin Web' },
      { title: 'Film', number: null, who: 'Somebody on Box' },
    ]);
    fake.sessions = { not: 'a list' };
    expect(await client.watching(signal)).to.deep.equal([]);
  });

  for (const [what, instead, code] of [
    ['a page of a proxy', { status: 200, body: '<html>Welcome</html>' }, 'HOST_ERROR'],
    ['an error', { status: 500 }, 'HOST_ERROR'],
    ['a server that starts', { status: 503 }, 'HOST_UNREACHABLE'],
    ['a redirect, which could take the key elsewhere', { status: 302, location: 'http://127.0.0.1:9/' }, 'HOST_ERROR'],
    ['an empty list', { status: 200, body: '[]' }, 'HOST_ERROR'],
  ] as const) {
    it(`says what is wrong with ${what}`, async () => {
      fake.instead = instead;
      expect((await failure(client.facts(signal))).code).to.equal(code);
      expect((await failure(client.register(addresses, null, signal))).code).to.equal(code);
    });
  }

  it('says that nobody answers, and stops asking when told to', async () => {
    const nobody = new JellyfinClient('http://127.0.0.1:9', fake.apiKey, 'device');
    expect((await failure(nobody.facts(signal))).code).to.equal('HOST_UNREACHABLE');
    fake.instead = 'silence';
    const controller = new AbortController();
    const waiting = failure(client.facts(controller.signal));
    controller.abort();
    expect((await waiting).code).to.equal('CANCELLED');
  });
});
