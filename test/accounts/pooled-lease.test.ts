import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { account, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('a lease of the pool', () => {
  const stage = stagePool();

  describe('the end of a lease', () => {
    it('comes at once when no socket was ever opened (C5 7)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.end();
      expect(lease.state).to.equal('released');
    });

    it('comes only after the socket has closed and cooled (C5 9, 10)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await stage.tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      lease.end();
      expect([lease.state, socket.destroyed]).to.deep.equal(['closing', true]);
      await stage.clock.tickAsync(500);
      expect(lease.state).to.equal('closing');
      socket.close();
      expect(lease.state).to.equal('cooling');
      await stage.clock.tickAsync(50);
      expect(lease.state).to.equal('released');
    });

    it('is forced two seconds after destroy when no close comes, and counted', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease } = await stage.tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      lease.end();
      await stage.clock.tickAsync(1_999);
      expect(lease.state).to.equal('closing');
      await stage.clock.tickAsync(51);
      expect(lease.state).to.equal('released');
      expect(stage.events.filter((event) => event.kind === 'forced')).to.deep.equal([
        { kind: 'forced', accountId: 'a', what: 'close' },
      ]);
    });

    it('may be asked for any number of times', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease } = await stage.tune(new FakeSession('1', ann));
      for (let i = 0; i < 3; i++) lease.end();
      await stage.clock.tickAsync(60);
      lease.end();
      expect(stage.events.filter((event) => event.kind === 'released')).to.have.length(1);
    });

    it('destroys a socket that comes late (C5 9)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.connecting();
      lease.end();
      const late = new FakeSocket(null);
      lease.attach(late);
      expect(late.destroyed).to.equal(true);
      expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.equal(null);
      late.close();
      expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
    });

    it('resolves `released`', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease } = await stage.tune(new FakeSession('1', ann));
      let over = false;
      void lease.released.then(() => (over = true));
      lease.end();
      await stage.clock.tickAsync(49);
      expect(over).to.equal(false);
      await stage.clock.tickAsync(2);
      expect(over).to.equal(true);
    });
  });

  describe('a lease', () => {
    it('holds one socket at a time', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease } = await stage.tune(new FakeSession('1', ann));
      const second = new FakeSocket();
      expect(() => lease.attach(second)).to.throw(CoaxError);
      expect(second.destroyed).to.equal(true);
      expect(() => lease.connecting()).to.throw(CoaxError);
    });

    it('lives on for the next socket when one is closed (C5 4)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await stage.tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      let closed = false;
      void lease.closeSocket().then(() => (closed = true));
      expect(lease.state).to.equal('closing');
      await stage.clock.tickAsync(10);
      expect(closed).to.equal(false);
      socket.close();
      await stage.clock.tickAsync(0);
      expect([closed, lease.state]).to.deep.equal([true, 'granted']);
      lease.connecting();
      lease.attach(new FakeSocket());
      expect(lease.state).to.equal('open');
    });

    it('goes back to granted when the provider ends the stream', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await stage.tune(new FakeSession('1', ann));
      socket.close();
      expect(lease.state).to.equal('granted');
    });

    it('refuses to connect after its end', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.end();
      expect(() => lease.connecting())
        .to.throw(CoaxError)
        .with.property('code', 'CANCELLED');
    });
  });
});
