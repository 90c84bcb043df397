/**
 * Everything that a run found out, as text for a terminal.
 *
 * @module
 */

import type { ResultRecord } from '../results/records.ts';
import { gridText, type Screen, wrapped } from './grid-text.ts';
import { type ReportOptions, reportOf } from './model.ts';
import { headLines, reportGrids } from './outline.ts';
import { BOUND_MARK } from './tier-grids.ts';

export interface TerminalOptions extends ReportOptions, Screen {}

/** Text that ends in a line feed. Throws as `reportOf` does. */
export function printTables(records: readonly ResultRecord[], options: TerminalOptions): string {
  const report = reportOf(records, options);
  const lines = [
    ...headLines(report).flatMap(({ name, value }) =>
      wrapped(`${name}: ${value}`, options.width, 2),
    ),
    ...reportGrids(report).flatMap((grid) => ['', gridText(grid, options)]),
    '',
    ...wrapped(
      `[a, b] is the 95 % bootstrap interval of the median; ranks that span, such as 2–3, are ties; ${BOUND_MARK} is generator-bound.`,
      options.width,
      0,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
