import type { LeasePoolOptions } from '../accounts/lease-pool-options.ts';
import type { OutputConfig, Settings } from '../config/schema.ts';

/** The settings of the lease pool: times as they are at the start, limits as they are whenever they are asked for. */
export function poolSettings(settings: () => Settings, outputs: () => readonly OutputConfig[]): LeasePoolOptions {
  const { waitMs, coolingFloorMs, coolingCapMs } = settings().accounts;
  return {
    waitMs,
    coolingFloorMs,
    coolingCapMs,
    recordingsPreempt: () => settings().accounts.recordingsPreempt,
    spare: () => settings().live.pretune.spare,
    seatLimits: {
      output: (id) => outputs().find((output) => output.id === id)?.maxStreams ?? 0,
      user: (name) => {
        const { users, maxPerViewer } = settings().accounts;
        return name !== undefined && Object.hasOwn(users, name) ? (users[name] ?? 0) : maxPerViewer;
      },
    },
  };
}
