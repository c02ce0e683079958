import type { ViewerKey } from './ids.ts';

/** Who is asking: a host's session or user, else token and device, else address and user agent. */
export interface Viewer {
  readonly key: ViewerKey;
  /** What people read in lists: a user's name, a device, or an address. */
  readonly label: string;
  /** The user, where the client or its media server names one: limits of users count over all their devices. */
  readonly user?: string;
  readonly address?: string;
  readonly userAgent?: string;
}
