/**
 * Costs over several runs on the same machine.
 *
 * @module
 */

import type { ResultRecord } from '../results/records.ts';
import { changePoints } from '../statistics/change-points.ts';
import { type Estimate, estimateOf } from './estimates.ts';
import { type Material, readMaterial, seriesKey } from './material.ts';
import { type Cell, costs } from './series.ts';
import { type TargetSummary, targetsOf } from './targets.ts';

export interface HistoryPoint {
  readonly run: string;
  readonly at: string;
  readonly commit: string;
  readonly cpuUs: Estimate;
}

export interface HistorySeries {
  readonly target: TargetSummary;
  readonly cell: Cell;
  /** In the order of time. */
  readonly points: readonly HistoryPoint[];
}

/** A lasting step in a series: from `at` on it costs something else. */
export interface Change {
  readonly target: TargetSummary;
  readonly cell: Cell;
  /** The first point of the new level. */
  readonly at: string;
  readonly commit: string;
  readonly beforeUs: number;
  readonly afterUs: number;
}

export interface History {
  readonly series: readonly HistorySeries[];
  readonly changes: readonly Change[];
}

/** Runs on another machine than the last one's are left out; of fewer than two nothing is told. */
export function historyOf(runs: readonly (readonly ResultRecord[])[]): History {
  const materials = runs.map(readMaterial);
  const last = materials.at(-1);
  const comparable = materials
    .filter(({ run }) => run.machine.fingerprint === last?.run.machine.fingerprint)
    .toSorted((one, other) => Date.parse(one.run.at) - Date.parse(other.run.at));
  if (last === undefined || comparable.length < 2) return { series: [], changes: [] };
  const series = targetsOf(last).flatMap((target) =>
    mainCells(last).flatMap((cell) => {
      const points = comparable.flatMap((material) => pointOf(target.target, cell, material));
      return points.length < 2 ? [] : [{ target, cell, points }];
    }),
  );
  return { series, changes: series.flatMap(changesIn) };
}

/** The first cell of each tier. */
function mainCells({ tiers, cells }: Material): Cell[] {
  return tiers.flatMap(({ tier }) => cells.find((cell) => cell.tier === tier) ?? []);
}

function pointOf(target: string, cell: Cell, material: Material): HistoryPoint[] {
  const series = material.series.get(seriesKey(target, cell));
  const { id, at, source } = material.run;
  const cpuUs = series === undefined ? null : estimateOf(costs(series), material.run.seed);
  return cpuUs === null ? [] : [{ run: id, at, commit: source.commit, cpuUs }];
}

function changesIn({ target, cell, points }: HistorySeries): Change[] {
  const found = changePoints(points.map(({ cpuUs }) => cpuUs.median));
  return found.flatMap(({ index, before, after }) => {
    const point = points[index];
    if (point === undefined) return [];
    const { at, commit } = point;
    return [{ target, cell, at, commit, beforeUs: before, afterUs: after }];
  });
}
