/**
 * The main tables as Markdown, for a README or a page of documentation: with when, where and how.
 *
 * @module
 */

import type { ResultRecord } from '../results/records.ts';
import type { Grid, GridCell, GridRow } from './grid.ts';
import { capabilityGrid, checklistGrid, staircaseGrid, targetGrid } from './grids.ts';
import { type Report, type ReportOptions, reportOf, type TierSection } from './model.ts';
import { headLines } from './outline.ts';
import { tierGrids } from './tier-grids.ts';

/** Columns of higher importance numbers are left out: a README has little room. */
const IMPORTANCE_MAX = 4;

/** Text that ends in a line feed. Throws as `reportOf` does. */
export function markdownReport(
  records: readonly ResultRecord[],
  options: ReportOptions = {},
): string {
  const report = reportOf(records, options);
  const [staircase] = report.staircases;
  const grids = [
    targetGrid(report),
    capabilityGrid(report),
    ...report.tiers.flatMap(mainGrids),
    ...(staircase === undefined ? [] : [staircaseGrid(staircase, report)]),
    checklistGrid(report),
  ];
  const blocks = [
    head(report),
    'Medians of rounds, [95 % bootstrap interval]; a rank such as 2–3 is a tie; † is generator-bound.',
    ...grids.map(gridText),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Saturated, and at the first rate that is the same for all; both with the first body. */
function mainGrids(section: TierSection): Grid[] {
  const grids = tierGrids(section);
  const [first] = section.tables;
  const common = section.tables.findIndex(
    ({ cell }) => cell.load.mode === 'open' && cell.bodyBytes === first?.cell.bodyBytes,
  );
  return [0, ...(common > 0 ? [common] : [])].flatMap((at) => grids[at] ?? []);
}

function head(report: Report): string {
  return headLines(report)
    .map(({ name, value }) => `- ${name}: ${name === 'Command' ? `\`${value}\`` : escaped(value)}`)
    .join('\n');
}

function gridText(grid: Grid): string {
  const shown = grid.columns.flatMap(({ importance }, at) =>
    importance > IMPORTANCE_MAX ? [] : [at],
  );
  const heads = shown.map((at) => {
    const { title, unit } = grid.columns[at] ?? { title: '', unit: '' };
    return unit === '' ? title : `${title} ${unit}`;
  });
  const lines = [
    line(heads),
    line(shown.map((at) => (grid.columns[at]?.numeric === true ? '---:' : '---'))),
    ...grid.rows.map((row) => line(shown.map((at) => rowText(row, at)))),
  ];
  const notes = grid.notes.map((note) => `- ${escaped(note)}`);
  return [
    `**${escaped(grid.title)}**`,
    lines.join('\n'),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ].join('\n\n');
}

function rowText(row: GridRow, at: number): string {
  const cell = row.cells[at];
  if (cell !== undefined) return cellText(cell);
  return at === row.cells.length ? escaped(row.message) : '';
}

function cellText({ text, interval }: GridCell): string {
  return escaped(interval === '' ? text : `${text} ${interval}`);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** What Markdown would take for its own; `[a, b]` is no link without a parenthesis behind it. */
function escaped(text: string): string {
  return text.replaceAll(/[\\|<>*_`]/g, String.raw`\$&`).replaceAll(/[\r\n]+/g, ' ');
}
