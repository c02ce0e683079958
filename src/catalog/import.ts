/** What is stored of an item that was seen before, as far as it tells whether a fresh one is the same. */
export interface KnownItem {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly guideId: string;
  readonly group: string;
  /** It was not in the last list. */
  readonly gone: boolean;
}

export interface PublishedPart {
  /** Items in use now. */
  readonly count: number;
  /** Items that came, went, or differ in what viewers see. */
  readonly changed: number;
}

/** An item that vanished from a complete list keeps its id for 14 days, in case it returns. */
export const goneForMs = 14 * 86_400_000;
