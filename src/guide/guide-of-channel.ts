import type { FeedChannel } from '../catalog/feeds.ts';
import { fold } from '../catalog/fold.ts';
import type { GuidedChannel } from './contract.ts';

type Named = Pick<GuidedChannel, 'name' | 'guideId' | 'guideName'>;

/** The channels of one feed by what they may be asked for. A name that two of them have leads nowhere. */
export class FeedIndex {
  readonly #byId = new Map<string, FeedChannel>();
  readonly #byFoldedId = new Map<string, FeedChannel | null>();
  readonly #byName = new Map<string, FeedChannel | null>();

  constructor(channels: readonly FeedChannel[]) {
    for (const channel of channels) {
      this.#byId.set(channel.id, channel);
      const folded = fold(channel.id);
      this.#byFoldedId.set(folded, this.#byFoldedId.has(folded) ? null : channel);
      for (const name of new Set(channel.names.map(fold)))
        if (name !== '') this.#byName.set(name, this.#byName.has(name) ? null : channel);
    }
  }

  /** By exact guide id, else by guide id whatever its case, else by exact display name. */
  find({ guideId, guideName, name }: Named): FeedChannel | null {
    if (guideId !== null && guideId !== '') {
      const byId = this.#byId.get(guideId) ?? this.#byFoldedId.get(fold(guideId));
      if (byId != null) return byId;
    }
    return (guideName ? this.#byName.get(fold(guideName)) : undefined) ?? this.#byName.get(fold(name)) ?? null;
  }
}

/** What `FeedIndex.find` could find for any of the channels, for a guide that is not yet read. */
export class WantedGuides {
  /** Days of past programmes by id and by name. */
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<string, number>();

  /** `pastDays`: how far back the channel can play what its guide lists. */
  add({ guideId, guideName, name }: Named, pastDays = 0): void {
    if (guideId !== null && guideId !== '') note(this.#ids, guideId, pastDays);
    if (guideName) note(this.#names, guideName, pastDays);
    note(this.#names, name, pastDays);
  }

  has(id: string, names: readonly string[]): boolean {
    return this.#ids.has(fold(id)) || names.some((name) => this.#names.has(fold(name)));
  }

  /** The most days that a channel which could use this guide reaches back. */
  pastDays(id: string, names: readonly string[]): number {
    const days = [this.#ids.get(fold(id)), ...names.map((name) => this.#names.get(fold(name)))];
    return Math.max(0, ...days.map((each) => each ?? 0));
  }

  /** The most days that any channel reaches back. */
  get mostPastDays(): number {
    let most = 0;
    for (const days of [...this.#ids.values(), ...this.#names.values()]) most = Math.max(most, days);
    return most;
  }
}

function note(days: Map<string, number>, text: string, more: number): void {
  const key = fold(text);
  days.set(key, Math.max(days.get(key) ?? 0, more));
}
