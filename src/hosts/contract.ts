/** Where a host finds an output of ours; the addresses hold the output's token. */
export interface OutputAddresses {
  readonly playlist: string;
  readonly guide: string;
  /** What the host's own lists show. */
  readonly name: string;
}

/** The ids of what was registered at a host. */
export interface Registration {
  readonly tunerId: string;
  readonly guideId: string;
}

export interface HostFacts {
  readonly name: string;
  readonly product: string;
  readonly version: string;
}

/** Somebody who watches something on a host now. */
export interface Watching {
  /** The name of the channel, movie or episode. */
  readonly title: string;
  readonly number: string | null;
  /** `Anna on Living room TV`. */
  readonly who: string;
}

/** One media server over its own API. Every call throws HOST_UNREACHABLE, HOST_REFUSED, HOST_ERROR or CANCELLED; no error holds the key. */
export interface HostClient {
  /** What the server says of itself; needs no key. Throws HOST_UNSUPPORTED for one that is too old. */
  facts(signal: AbortSignal): Promise<HostFacts>;
  /** Throws HOST_REFUSED unless the key is an administrator's. */
  verify(signal: AbortSignal): Promise<void>;
  /** Makes the tuner and the guide, or brings those that are there up to date: doing it twice changes nothing. */
  register(addresses: OutputAddresses, known: Registration | null, signal: AbortSignal): Promise<Registration>;
  /** What is gone already is no error. */
  unregister(registration: Registration, signal: AbortSignal): Promise<void>;
  watching(signal: AbortSignal): Promise<readonly Watching[]>;
  /** Starts the host's own task; one that runs already is left alone. */
  refreshGuide(signal: AbortSignal): Promise<void>;
  /** Looks for new files under these folders of the host; without any, in all libraries. */
  scanLibraries(folders: readonly string[], signal: AbortSignal): Promise<void>;
}
