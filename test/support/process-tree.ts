import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of a process and all below it, as `/proc` shows them to everybody; none where there is no `/proc`. */
export function commandLines(pid: number): string[] {
  try {
    const own = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
    );
    return [own, ...children.flatMap((child) => commandLines(Number(child)))];
  } catch {
    return [];
  }
}
