/** Lets requests to a host through, or refuses them while it is known to be down. `Breakers` is the one that counts. */
export interface HostGate {
  /**
   * Before each connection towards a host. Throws at once, with a `retryAfterMs`, when the host is to be left alone. Whoever was let
   * through tells exactly once how it went.
   */
  enter(target: GateTarget): GatePass;
}

export interface GateTarget {
  /** Host and port; nothing else of an address. */
  readonly host: string;
  /** The proxy it is reached through, likewise. */
  readonly via?: string;
  /** There is no other way than this host: may be let through while nobody else is trying it. */
  readonly insists?: boolean;
}

export interface GatePass {
  /** The host answered; also with a refusal. */
  worked(): void;
  /** The host did not answer, or as one does that is broken. */
  failed(): void;
  /** Given up before there was an answer. */
  dropped(): void;
}

/** Host and port of an address in one spelling, with the default port written out. */
export function hostAndPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return `${url.hostname.replace(/\.$/, '')}:${port}`;
}

/** A host that answers like this is broken. 503 and 509 speak of capacity, and those beyond 527 are panels' own. */
export function isBroken(status: number): boolean {
  return status === 500 || status === 502 || status === 504 || (status >= 520 && status <= 527);
}

/** Lets everybody through. */
export const openGate: HostGate = {
  enter: () => ({ worked: () => {}, failed: () => {}, dropped: () => {} }),
};
