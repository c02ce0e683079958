import { getPriority, setPriority } from 'node:os';

/** The part of `node:os` that is used here. */
export interface Priorities {
  get(): number;
  set(priority: number): void;
}

const system: Priorities = { get: () => getPriority(), set: (priority) => setPriority(priority) };

/**
 * Lets this thread yield to others, where the system has priorities for threads (Linux; elsewhere it would slow down the streams as well).
 * A thread that yields more already keeps that: who is not root may not raise it (setpriority(2), EACCES). A refusal is no failure.
 */
export function lowerThreadPriority(priority: number, platform = process.platform, priorities = system): void {
  if (platform !== 'linux') return;
  try {
    if (priorities.get() < priority) priorities.set(priority);
  } catch {
    // Containers may forbid the call: the work is done at the usual priority then.
  }
}
