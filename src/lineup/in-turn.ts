/** What is being made at a place, and under which key; null while nothing is. */
export interface Making<Made> {
  running: { readonly key: string; readonly done: Promise<Made> } | null;
}

/** Makes one thing after the other at a place. Whoever asks for the key that is being made gets that one. */
export function inTurn<Made>(place: Making<Made>, key: string, make: () => Promise<Made>): Promise<Made> {
  if (place.running?.key === key) return place.running.done;
  const before = place.running?.done.catch(() => {}) ?? Promise.resolve();
  const done = before.then(make);
  const running = { key, done };
  place.running = running;
  const finished = (): void => {
    if (place.running === running) place.running = null;
  };
  done.then(finished, finished);
  return done;
}
