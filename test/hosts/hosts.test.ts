import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { CoaxError } from '../../src/errors.ts';
import type { HostClient, OutputAddresses, Watching } from '../../src/hosts/contract.ts';
import { Hosts } from '../../src/hosts/hosts.ts';
import { silentLog } from '../../src/log/log.ts';

class Rig {
  readonly registered: OutputAddresses[] = [];
  refreshes = 0;
  fails: CoaxError | null = null;
  busy = true;
  watching: readonly Watching[] = [];
  config: Config;
  readonly hosts: Hosts;

  constructor(host: object = {}, settings: object = {}) {
    this.config = configSchema.parse({
      settings,
      outputs: [
        { id: 'first', name: 'Default', token: 'a'.repeat(20) },
        { id: 'kids', name: 'Kids', token: 'b'.repeat(20) },
      ],
      hosts: [{ id: 'h', name: 'Home', url: 'http://127.0.0.1:8096', apiKey: 'k', ...host }],
    });
    const guarded = async <T>(value: T): Promise<T> => {
      if (this.fails !== null) throw this.fails;
      return value;
    };
    const client: HostClient = {
      facts: () => guarded({ name: 'Home', product: 'Jellyfin Server', version: '12.0.0' }),
      verify: () => guarded(undefined),
      register: (addresses) => {
        this.registered.push(addresses);
        return guarded({ tunerId: 't', guideId: 'g' });
      },
      unregister: () => guarded(undefined),
      watching: () => guarded(this.watching),
      refreshGuide: () => {
        this.refreshes += 1;
        return guarded(undefined);
      },
      scanLibraries: () => guarded(undefined),
    };
    this.hosts = new Hosts({
      config: () => this.config,
      update: async (change) => change(this.config),
      clientOf: () => client,
      ownUrl: () => 'http://127.0.0.1:8730',
      isBusy: () => this.busy,
      log: silentLog,
    });
  }
}

const { signal } = new AbortController();

describe('media servers without the plugin', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers();
  });
  afterEach(() => clock.restore());

  it('get the addresses of their output, and what they registered is kept', async () => {
    const rig = new Rig({ outputId: 'kids' });
    expect(await rig.hosts.connect('h', signal)).to.deep.equal({ tunerId: 't', guideId: 'g' });
    const base = `http://127.0.0.1:8730/o/${'b'.repeat(20)}`;
    expect(rig.registered).to.deep.equal([
      { playlist: `${base}/playlist.m3u`, guide: `${base}/guide.xml`, name: 'Coax: Kids' },
    ]);
    expect(rig.config.hosts[0]?.registration).to.deep.equal({ tunerId: 't', guideId: 'g' });
    await rig.hosts.disconnect('h', signal);
    expect(rig.config.hosts[0]?.registration).to.equal(null);
  });

  it('on another machine need an address of ours that they can reach', async () => {
    const far = { url: 'http://10.0.0.7:8096' };
    const error = await new Rig(far).hosts.connect('h', signal).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(CoaxError).with.property('code', 'BAD_REQUEST');
    const named = new Rig({ ...far, coaxUrl: 'http://10.0.0.3:8730/' });
    await named.hosts.connect('h', signal);
    expect(named.registered[0]?.playlist).to.match(/^http:\/\/10\.0\.0\.3:8730\/o\//);
    const open = new Rig(far, { publicUrl: 'https://tv.example' });
    await open.hosts.connect('h', signal);
    expect(open.registered[0]?.guide).to.match(/^https:\/\/tv\.example\/o\//);
  });

  it('keep what was registered when the change fails', async () => {
    const rig = new Rig({ registration: { tunerId: 'x', guideId: 'y' } });
    rig.fails = new CoaxError('HOST_UNREACHABLE');
    expect(await rig.hosts.disconnect('h', signal).catch((error: unknown) => error)).to.equal(rig.fails);
    expect(rig.config.hosts[0]?.registration).to.deep.equal({ tunerId: 'x', guideId: 'y' });
  });

  it('are tested in words', async () => {
    const rig = new Rig();
    expect(await rig.hosts.test('h', signal)).to.deep.include({
      ok: true,
      message: 'Home answers; it runs Jellyfin Server 12.0.0',
    });
    rig.fails = new CoaxError('HOST_REFUSED', '10.0.0.1 refuses the API key (HTTP 401)');
    const failed = await rig.hosts.test('h', signal);
    expect(failed).to.include({ ok: false, code: 'HOST_REFUSED' });
    expect(failed.message).to.match(/refuses the API key.*Make an API key/);
  });

  it('read their guide anew once for a burst of changes, and not again within a minute', async () => {
    const rig = new Rig({ registration: { tunerId: 't', guideId: 'g' } });
    for (let change = 0; change < 5; change += 1) {
      rig.hosts.noteChange();
      await clock.tickAsync(1_000);
    }
    expect(rig.refreshes).to.equal(0);
    await clock.tickAsync(10_000);
    expect(rig.refreshes).to.equal(1);
    rig.hosts.noteChange();
    await clock.tickAsync(30_000);
    expect(rig.refreshes).to.equal(1);
    await clock.tickAsync(31_000);
    expect(rig.refreshes).to.equal(2);
    rig.hosts.stop();
  });

  for (const [which, host] of [
    ['that is off', { enabled: false, registration: { tunerId: 't', guideId: 'g' } }],
    ['that wishes none', { refreshGuide: false, registration: { tunerId: 't', guideId: 'g' } }],
    ['that nothing is registered at', {}],
  ] as const) {
    it(`ask for no refresh of one ${which}`, async () => {
      const rig = new Rig(host);
      rig.hosts.noteChange();
      await clock.tickAsync(120_000);
      expect(rig.refreshes).to.equal(0);
    });
  }

  it('are told of nothing after the end', async () => {
    const rig = new Rig({ registration: { tunerId: 't', guideId: 'g' } });
    rig.hosts.noteChange();
    rig.hosts.stop();
    rig.hosts.noteChange();
    await clock.tickAsync(120_000);
    expect(rig.refreshes).to.equal(0);
    expect(clock.countTimers()).to.equal(0);
  });

  it('tell who watches while something plays, and a failure costs only the names', async () => {
    const rig = new Rig();
    rig.watching = [
      { title: 'News 1', number: '1', who: 'Anna on TV' },
      { title: 'news 1 ', number: null, who: 'Ben on Phone' },
    ];
    rig.hosts.start();
    expect(rig.hosts.watchersOf({ title: 'News 1' })).to.deep.equal([]);
    await clock.tickAsync(10_001);
    expect(rig.hosts.watchersOf({ title: 'News 1' })).to.deep.equal(['Anna on TV', 'Ben on Phone']);
    expect(rig.hosts.watchersOf({ title: 'News 2' })).to.deep.equal([]);
    rig.fails = new CoaxError('HOST_UNREACHABLE');
    await clock.tickAsync(10_001);
    expect(rig.hosts.watchersOf({ title: 'News 1' })).to.deep.equal([]);
    rig.fails = null;
    rig.busy = false;
    await clock.tickAsync(10_001);
    expect(rig.hosts.watchersOf({ title: 'News 1' })).to.deep.equal([]);
    rig.hosts.stop();
    expect(clock.countTimers()).to.equal(0);
  });
});
