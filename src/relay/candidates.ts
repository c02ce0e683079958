import type { AccountId } from '../model/ids.ts';
import type { PlayableChannel, PlayableStream } from './contract.ts';

/** One way to play a channel. */
export interface Candidate {
  readonly stream: PlayableStream;
  readonly account: AccountId;
}

/** Attempts to open a channel before it is given up. */
const mostCandidates = 6;

/** The ways to play a channel that were not tried yet, best first. */
export class Candidates {
  #left: Candidate[];

  constructor(channel: PlayableChannel) {
    this.#left = channel.streams
      .flatMap((stream) => stream.accounts.map((account) => ({ stream, account })))
      .slice(0, mostCandidates);
  }

  /** The stream that would be tried next if every account were free. */
  get preferred(): PlayableStream | undefined {
    return this.#left[0]?.stream;
  }

  /** Accounts that can serve what is left, in order of preference. */
  get accounts(): readonly AccountId[] {
    return [...new Set(this.#left.map(({ account }) => account))];
  }

  /** Takes the best way on an account that was granted. */
  take(account: AccountId): Candidate | undefined {
    const index = this.#left.findIndex((candidate) => candidate.account === account);
    return index < 0 ? undefined : this.#left.splice(index, 1)[0];
  }
}
