/**
 * A table before it is drawn: the terminal, Markdown and HTML show the same cells.
 *
 * @module
 */

import type { Estimate } from './estimates.ts';
import { figure, interval, NONE } from './format.ts';

export type Tone = 'plain' | 'good' | 'bad' | 'muted';

export interface GridCell {
  readonly text: string;
  /** The 95 % interval, in smaller type where that is possible; empty for none. */
  readonly interval: string;
  readonly tone: Tone;
}

export interface GridColumn {
  readonly title: string;
  /** Empty for none. */
  readonly unit: string;
  readonly numeric: boolean;
  /** Where there is no room, columns of higher numbers are left out first; 0 always stays. */
  readonly importance: number;
}

export interface GridRow {
  /** A target's name, whose colour is shown beside it; null for another row. */
  readonly target: string | null;
  readonly cells: readonly GridCell[];
  /** Stands in place of the cells that are missing; empty for none. */
  readonly message: string;
}

export interface Grid {
  /** An anchor. */
  readonly id: string;
  readonly title: string;
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  /** What one must know to read it, a sentence each. */
  readonly notes: readonly string[];
}

export function cell(text: string, tone: Tone = 'plain'): GridCell {
  return { text, interval: '', tone };
}

export const EMPTY: GridCell = { text: NONE, interval: '', tone: 'muted' };

/** The median, with its interval when that has any width. */
export function estimated(
  estimate: Estimate | null,
  format: (value: number) => string = figure,
): GridCell {
  if (estimate === null) return EMPTY;
  return {
    text: format(estimate.median),
    interval: estimate.low < estimate.high ? interval(estimate, format) : '',
    tone: 'plain',
  };
}

export function column(
  title: string,
  unit = '',
  { numeric = true, importance = 0 }: { numeric?: boolean; importance?: number } = {},
): GridColumn {
  return { title, unit, numeric, importance };
}
