import type { AccountId, StreamId } from '../model/ids.ts';
import type { PlayableChannel, PlayableStream } from './contract.ts';

/** One way to play a channel. */
export interface Candidate {
  readonly stream: PlayableStream;
  readonly account: AccountId;
}

export function isSame(one: Candidate, other: Candidate): boolean {
  return one.account === other.account && one.stream.streamId === other.stream.streamId;
}

/** Every way to play a channel: its streams in order of preference, each on the accounts of its source. */
export function candidatesOf(channel: PlayableChannel): Candidate[] {
  return channel.streams.flatMap((stream) => stream.accounts.map((account) => ({ stream, account })));
}

/** Attempts of one round. */
const mostInRound = 12;

/** The ways to play a channel that were not tried yet in this round, best first. */
export class Candidates {
  #left: Candidate[];
  #taken = 0;

  constructor(candidates: readonly Candidate[]) {
    this.#left = [...candidates];
  }

  /** The stream that would be tried next if every account were free. */
  get preferred(): PlayableStream | undefined {
    return this.#left[0]?.stream;
  }

  get size(): number {
    return this.#left.length;
  }

  get rest(): readonly Candidate[] {
    return this.#left;
  }

  /** Accounts that can serve what is left, in order of preference. */
  get accounts(): readonly AccountId[] {
    return [...new Set(this.#left.map(({ account }) => account))];
  }

  /** Takes the best way on an account that was granted. */
  take(account: AccountId): Candidate | undefined {
    const index = this.#left.findIndex((candidate) => candidate.account === account);
    return index < 0 ? undefined : this.#takeAt(index);
  }

  /** Takes the best way that `fits`. */
  takeFirst(fits: (candidate: Candidate) => boolean): Candidate | undefined {
    const index = this.#left.findIndex(fits);
    return index < 0 ? undefined : this.#takeAt(index);
  }

  /** The provider does not have this stream: its other accounts are tried last. */
  putLast(stream: StreamId): void {
    const isIt = ({ stream: { streamId } }: Candidate): boolean => streamId === stream;
    this.#left = [...this.#left.filter((each) => !isIt(each)), ...this.#left.filter(isIt)];
  }

  #takeAt(index: number): Candidate | undefined {
    const [candidate] = this.#left.splice(index, 1);
    if (++this.#taken >= mostInRound) this.#left = [];
    return candidate;
  }
}
