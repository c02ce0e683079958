import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

/** A host that answers at all takes a connection in less; one behind a firewall that swallows packets would be waited for in vain. */
export const connectMs = 15_000;

/** Ends a socket that is not connected (and, with TLS, not secured) in time, as the system itself does after minutes. */
function bound(socket: Duplex | null | undefined, event: 'connect' | 'secureConnect', ms: number): void {
  if (socket === null || socket === undefined) return;
  const late = Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => socket.destroy(late), ms);
  const done = (): void => clearTimeout(timer);
  socket.once(event, done);
  socket.once('close', done);
}

function bounded<Kind extends HttpAgent>(agent: Kind, event: 'connect' | 'secureConnect', ms: number): Kind {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, connected) => {
    const socket = create(options, connected);
    bound(socket, event, ms);
    return socket;
  };
  return agent;
}

/** An agent whose connections are made within a time; looking up the name is part of it. */
export const connectBoundHttpAgent = (options: AgentOptions, ms = connectMs): HttpAgent =>
  bounded(new HttpAgent(options), 'connect', ms);

/** The same with TLS. */
export const connectBoundHttpsAgent = (options: AgentOptions, ms = connectMs): HttpsAgent =>
  bounded(new HttpsAgent(options), 'secureConnect', ms);
