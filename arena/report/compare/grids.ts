/**
 * A comparison of two runs as grids.
 *
 * @module
 */

import { cellTitle, interval, signed } from '../format.ts';
import { cell, column, EMPTY, estimated, type Grid, type GridCell, type Tone } from '../grid.ts';
import { tierTitle } from '../material.ts';
import { cellId } from '../series.ts';
import type { Comparison, MetricChange, TargetChange, Verdict } from './model.ts';

/** One for each table that the second run has. */
export function comparisonGrids({ cells }: Comparison): Grid[] {
  return cells.map(({ cell: about, rows }) => ({
    id: `compare-${cellId(about)}`,
    title: `${tierTitle(about.tier)}: ${cellTitle(about)}`,
    columns: [
      column('target', '', { numeric: false }),
      column('CPU before', 'µs/request', { importance: 1 }),
      column('after', 'µs/request', { importance: 1 }),
      column('CPU'),
      column('requests/s', '', { importance: 2 }),
      column('p50', '', { importance: 3 }),
      column('p99', '', { importance: 4 }),
    ],
    rows: rows.map((row) => ({
      target: row.target.target,
      message: row.why,
      cells: row.why === '' ? cellsOf(row) : [cell(row.target.title)],
    })),
    notes: [],
  }));
}

function cellsOf({ target, changes }: TargetChange): GridCell[] {
  const find = (name: MetricChange['metric']['name']): MetricChange | undefined =>
    changes.find(({ metric }) => metric.name === name);
  const cpu = find('cpuUs');
  return [
    cell(target.title),
    cpu === undefined ? EMPTY : estimated(cpu.before),
    cpu === undefined ? EMPTY : estimated(cpu.after),
    ...(['cpuUs', 'requestsPerS', 'p50Us', 'p99Us'] as const).map((name) => changeCell(find(name))),
  ];
}

const TONES: Readonly<Record<Verdict, Tone>> = {
  better: 'good',
  worse: 'bad',
  same: 'plain',
  unknown: 'muted',
};

/** `+6.12 % worse [+5.10, +7.20]` */
function changeCell(change: MetricChange | undefined): GridCell {
  if (change === undefined || change.ratio === null) return EMPTY;
  return {
    text: `${percent(change.ratio.median)} % ${change.verdict}`,
    interval: interval(change.ratio, percent),
    tone: TONES[change.verdict],
  };
}

function percent(ratio: number): string {
  return signed((ratio - 1) * 100);
}
