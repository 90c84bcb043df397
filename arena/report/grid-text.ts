/**
 * A grid as text, as wide as the terminal is: what finds no room is left out, the least important first.
 *
 * @module
 */

import { styleText } from 'node:util';

import type { Terminal } from '../../src/cli/terminal.ts';
import type { Grid, GridCell, GridRow, Tone } from './grid.ts';

export interface Screen {
  /** Whether colours are shown. */
  readonly color: boolean;
  /** Columns; at least 40 are used. */
  readonly width: number;
}

const WIDTH_MIN = 40;
/** Where nobody says: a pipe, a file. */
const WIDTH_DEFAULT = 120;
const GAP = 2;
/** Width under which a wrapped text can't be read. */
const TEXT_MIN = 24;

export function screenOf(terminal: Terminal): Screen {
  return {
    color: terminal.paint('bold', 'a') !== 'a',
    width: process.stdout.columns ?? WIDTH_DEFAULT,
  };
}

/** Lines without a line feed at the end. */
export function gridText(grid: Grid, { color, width }: Screen): string {
  return gridLines(grid, Math.max(WIDTH_MIN, width), painter(color)).join('\n');
}

type Painter = (tone: Tone | 'title', text: string) => string;

function painter(color: boolean): Painter {
  const styles = {
    plain: 'reset',
    good: 'green',
    bad: 'red',
    muted: 'dim',
    title: 'bold',
  } as const;
  return (tone, text) =>
    color && tone !== 'plain' ? styleText(styles[tone], text, { validateStream: false }) : text;
}

function gridLines(whole: Grid, width: number, paint: Painter): string[] {
  const most = fitting(whole, width);
  const grid = room(whole, most) > width ? withoutIntervals(whole) : whole;
  const shown = grid === whole ? most : fitting(grid, width);
  const heads = shown.map((at) => headOf(grid, at));
  const widths = widthsOf(grid, shown, width);
  const line = (texts: readonly string[], tone: (at: number) => Tone | 'title'): string =>
    texts
      .map((text, at) => paint(tone(at), padded(text, widths[at] ?? 0, isNumeric(grid, shown[at]))))
      .join(' '.repeat(GAP))
      .trimEnd();
  const left = grid.columns.length - shown.length;
  return [
    ...wrapped(grid.title, width, 0).map((text) => paint('title', text)),
    line(heads, () => 'muted'),
    ...grid.rows.flatMap((row) => rowLines(row, shown, widths, width, line)),
    ...grid.notes.flatMap((note) => wrapped(note, width, 2)),
    ...(left === 0 ? [] : [paint('muted', `(${left} columns more on a wider terminal)`)]),
  ];
}

function rowLines(
  row: GridRow,
  shown: readonly number[],
  widths: readonly number[],
  width: number,
  line: (texts: readonly string[], tone: (at: number) => Tone) => string,
): string[] {
  const cells = shown.map((at) => row.cells[at]);
  if (row.message === '') {
    const known = cells.filter((one) => one !== undefined);
    const last = known.at(-1);
    const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP, 0);
    const [first = '', ...more] = wrapped(last?.text ?? '', width - before, 0);
    const isText = last !== undefined && last.text.length > (widths.at(-1) ?? 0);
    const texts = known.map((one, at) => (isText && at === known.length - 1 ? first : textOf(one)));
    return [
      line(texts, (at) => known[at]?.tone ?? 'plain'),
      ...(isText ? more.map((text) => `${' '.repeat(before)}${text}`) : []),
    ];
  }
  const known = cells.filter((one) => one !== undefined);
  const before = known.reduce((sum, _, at) => sum + (widths[at] ?? 0) + GAP, 0);
  const texts = wrapped(row.message, Math.max(TEXT_MIN, width - before), 0);
  const head = line(known.map(textOf), (at) => known[at]?.tone ?? 'plain').padEnd(before);
  return texts.map((text, at) => `${at === 0 ? head : ' '.repeat(before)}${text}`);
}

const textOf = ({ text, interval }: GridCell): string =>
  interval === '' ? text : `${text} ${interval}`;

function headOf(grid: Grid, at: number): string {
  const { title, unit } = grid.columns[at] ?? { title: '', unit: '' };
  return unit === '' ? title : `${title} ${unit}`;
}

function isNumeric(grid: Grid, at: number | undefined): boolean {
  return at !== undefined && grid.columns[at]?.numeric === true;
}

/** The last column of a text grid takes what is left, and is wrapped in it. */
function widthsOf(grid: Grid, shown: readonly number[], width: number): number[] {
  const widths = shown.map((at) => naturalWidth(grid, at));
  const last = shown.length - 1;
  if (isNumeric(grid, shown[last])) return widths;
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + GAP, 0);
  widths[last] = Math.max(TEXT_MIN, Math.min(widths[last] ?? 0, width - before));
  return widths;
}

function naturalWidth(grid: Grid, at: number): number {
  const texts = grid.rows.map((row) =>
    row.cells[at] === undefined ? 0 : textOf(row.cells[at]).length,
  );
  return Math.max(headOf(grid, at).length, ...texts);
}

/** Places of the columns that find room, in their order. */
function fitting(grid: Grid, width: number): number[] {
  let shown = grid.columns.map((_, at) => at);
  while (room(grid, shown) > width) {
    const worst = Math.max(...shown.map((at) => grid.columns[at]?.importance ?? 0));
    if (worst === 0) break;
    const leaving = shown.findLast((at) => grid.columns[at]?.importance === worst);
    shown = shown.filter((at) => at !== leaving);
  }
  return shown;
}

/** What the columns take; a text at the end can be wrapped. */
function room(grid: Grid, shown: readonly number[]): number {
  const isText = !isNumeric(grid, grid.columns.length - 1);
  return shown.reduce(
    (sum, at) => sum + (isText && at === shown.at(-1) ? TEXT_MIN : naturalWidth(grid, at)) + GAP,
    -GAP,
  );
}

function withoutIntervals(grid: Grid): Grid {
  const rows = grid.rows.map((row) => ({
    ...row,
    cells: row.cells.map((one) => ({ ...one, interval: '' })),
  }));
  return { ...grid, rows };
}

function padded(text: string, width: number, numeric: boolean): string {
  return numeric ? text.padStart(width) : text.padEnd(width);
}

/** Lines of at most `width` characters, the second and later ones indented. */
export function wrapped(text: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${' '.repeat(indent)}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
