/** One row of the table. `ratio` is value / baseline. */
export interface Result {
  readonly bench: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: { readonly name: string; readonly value: number };
  /** What the issue asks for, in words, and whether it is met. */
  readonly target?: { readonly text: string; readonly met: boolean };
  readonly note?: string;
}

export interface BenchContext {
  /** Shorter runs, for a look. */
  readonly quick: boolean;
  /** Built tools and results; exists. */
  readonly folder: string;
  say(text: string): void;
}

export type Bench = (context: BenchContext) => Promise<readonly Result[]>;

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const shown = (value: number) =>
  Number.isNaN(value) ? '-' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);

/** The table as text, one line a row. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((row) => [
    row.bench,
    row.what,
    `${shown(row.value)} ${row.unit}`,
    row.baseline === undefined ? '' : `${shown(row.baseline.value)} ${row.unit} (${row.baseline.name})`,
    row.baseline === undefined ? '' : shown(row.value / row.baseline.value),
    row.target === undefined ? '' : `${row.target.met ? 'met' : 'MISSED'}: ${row.target.text}`,
    row.note ?? '',
  ]);
  const all = [['bench', 'what', 'Coax', 'baseline', 'ratio', 'target', 'note'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
