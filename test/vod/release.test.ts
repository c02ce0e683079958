import { expect } from 'chai';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { LeasedSocket } from '../../src/accounts/lease.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, LoginKey, OutputId, SourceId } from '../../src/model/ids.ts';
import type { FileRequest } from '../../src/vod/contract.ts';
import { VodSessions } from '../../src/vod/sessions.ts';
import { until, viewerOf } from './vod-bench.ts';

const account = 'account' as AccountId;
const source = 'source' as SourceId;

function requestOf(viewer: string, itemId = 'film'): FileRequest {
  return {
    file: {
      itemId,
      title: 'A film',
      ext: 'mkv',
      contentType: '',
      sourceId: source,
      accounts: [account],
      request: () => ({ kind: 'http', urls: [], headers: {} }),
    },
    viewer: viewerOf(viewer),
    outputId: 'out' as OutputId,
    headers: {},
    signal: new AbortController().signal,
  };
}

/** A socket whose close follows its destroy a moment later, as a real one's does. */
class FakeSocket implements LeasedSocket {
  closed = false;
  destroyed = false;
  readonly #listeners: (() => void)[] = [];

  once(_event: 'close', listener: () => void): void {
    this.#listeners.push(listener);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    setImmediate(() => {
      this.closed = true;
      for (const listener of this.#listeners) listener();
    });
  }
}

function bench() {
  const pool = new LeasePool({ waitMs: 1_000, coolingFloorMs: 0, coolingCapMs: 1_000 });
  pool.setAccounts([{ id: account, sourceId: source, loginKey: 'login' as LoginKey, label: 'a', limit: 1 }]);
  const sockets: FakeSocket[] = [];
  const bodies: Readable[] = [];
  const sessions = new VodSessions({
    leases: pool,
    settings: () => ({ pauseMs: 60_000, sessionIdleMs: 60_000, connectMs: 1_000, stallMs: 60_000, cacheBytes: 0 }),
    log: silentLog,
    open: async (_request, { lease }) => {
      const socket = new FakeSocket();
      lease?.connecting();
      lease?.attach(socket);
      sockets.push(socket);
      const body = new Readable({ read: () => {} });
      body.push(Buffer.alloc(1_000));
      bodies.push(body);
      return { status: 206, headers: { 'content-range': 'bytes 0-99999/100000' }, body };
    },
  });
  const open = (viewer: string): ServerResponse => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    void sessions.serve(requestOf(viewer), response).catch(() => {});
    return response;
  };
  return {
    pool,
    sessions,
    sockets,
    bodies,
    open,
    async [Symbol.asyncDispose]() {
      await sessions[Symbol.asyncDispose]();
      await pool.stop();
    },
  };
}

describe('the release of a VOD session', () => {
  it('destroys body and socket in the tick of the client closing, and keeps the idle lease for the next range', async () => {
    await using vod = bench();
    const response = vod.open('anna');
    await until(() => vod.sessions.snapshot()[0]?.state === 'reading');
    expect([vod.bodies[0]?.destroyed, vod.sockets[0]?.destroyed]).to.deep.equal([false, false]);
    response.emit('close');
    expect([vod.bodies[0]?.destroyed, vod.sockets[0]?.destroyed]).to.deep.equal([true, true]);
    expect(vod.sessions.snapshot()[0]).to.include({ state: 'idle' });
    await until(() => vod.sockets[0]?.closed === true);
    expect(vod.pool.leases().map(({ state }) => state)).to.deep.equal(['granted']);
  });

  it('ends the lease in that tick when another viewer waits for the slot', async () => {
    await using vod = bench();
    const anna = vod.open('anna');
    await until(() => vod.sessions.snapshot()[0]?.state === 'reading');
    vod.open('bert');
    await until(() => vod.pool.waiting === 1);
    const [lease] = vod.pool.leases();
    anna.emit('close');
    expect(lease?.ended).to.equal(true);
    await until(() => vod.sockets.length === 2);
    expect(vod.sockets[0]?.closed).to.equal(true);
  });

  it('opens nothing for a client that has gone before its lease came', async () => {
    await using vod = bench();
    vod.open('anna');
    await until(() => vod.sessions.snapshot()[0]?.state === 'reading');
    const bert = vod.open('bert');
    await until(() => vod.pool.waiting === 1);
    bert.emit('close');
    expect(vod.pool.waiting).to.equal(0);
    expect(vod.sockets).to.have.length(1);
  });

  it('opens the next range of the same playback only after the last socket has closed', async () => {
    await using vod = bench();
    vod.open('anna');
    await until(() => vod.sessions.snapshot()[0]?.state === 'reading');
    vod.open('anna');
    await until(() => vod.sockets.length === 2);
    expect(vod.sockets[0]?.closed).to.equal(true);
    expect(vod.pool.leases()).to.have.length(1);
  });
});
