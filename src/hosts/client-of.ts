import { createHash } from 'node:crypto';
import type { HostConfig } from '../config/schema.ts';
import type { HostClient } from './contract.ts';
import { JellyfinClient } from './jellyfin/client.ts';

/** The client for a configured host. The device id is the same at each start, so that the host lists Coax once. */
export function clientOf(host: HostConfig): HostClient {
  const deviceId = createHash('sha256').update(`coax ${host.id}`).digest('hex').slice(0, 32);
  return new JellyfinClient(host.url, host.apiKey, deviceId);
}
