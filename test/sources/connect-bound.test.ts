import { type ClientRequest, get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { connectBoundHttpAgent, connectBoundHttpsAgent } from '../../src/sources/connect-bound.ts';

const failure = (request: ClientRequest): Promise<string> =>
  new Promise((resolve) => {
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.once('response', (response) => {
      response.resume();
      resolve(`HTTP ${response.statusCode}`);
    });
  });

describe('an agent whose connections are made within a time', () => {
  // A name that is looked up for ever is as good as a host whose firewall swallows packets.
  const lookup = (): void => {};

  it('gives up a connection that is not made', async () => {
    const agent = connectBoundHttpAgent({}, 40);
    expect(await failure(httpGet({ host: 'far.test', agent, lookup }))).to.equal('ETIMEDOUT');
  });

  it('gives up a connection that is made and never secured', async () => {
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = connectBoundHttpsAgent({}, 60);
    const { port } = server.address() as AddressInfo;
    expect(await failure(httpsGet({ host: '127.0.0.1', port, agent }))).to.equal('ETIMEDOUT');
    server.close();
  });

  it('leaves a connection alone once it is made, however long the answer takes', async () => {
    const server = createServer((socket) => {
      setTimeout(() => socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'), 120);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = connectBoundHttpAgent({ keepAlive: false }, 60);
    const { port } = server.address() as AddressInfo;
    expect(await failure(httpGet({ host: '127.0.0.1', port, agent }))).to.equal('HTTP 204');
    server.close();
  });
});
