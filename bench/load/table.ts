/**
 * Tables as text: columns as wide as they must be, numbers to the right.
 *
 * @module
 */

import type { Estimate } from '../../arena/statistics/bootstrap.ts';

/** `14.72 [14.60, 14.91]` */
export function withInterval({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

type Row = Readonly<Record<string, string>>;

/** Rows of equal keys as lines: names of the columns, a rule, a line each; none of no rows. */
export function tableLines(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  const ruled = [columns, widths.map((width) => '-'.repeat(width))];
  return [...ruled, ...rows.map((row) => columns.map((column) => row[column] ?? ''))].map(line);
}

/** Prints rows of equal keys, if there are any: the first column is a name, others are numbers. */
export function printTable(title: string, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  console.log(`\n${title}`);
  for (const line of tableLines(rows)) console.log(line);
}
