/**
 * Where the numbers of the main branch changed: reports, and blocks nothing.
 *
 * A series is one metric on one machine. What nginx cost in the same run, where that is known, takes
 * the machine's own drift out of it. Bounds: the last 10 000 lines of each series.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { type ChangePoint, changePoints } from '../../../arena/statistics/change-points.ts';
import { median } from '../../../arena/statistics/quantile.ts';
import { tableLines } from '../../load/table.ts';
import { percent } from '../decision/reasons.ts';
import { internalFailure } from '../failure.ts';
import { HistoryEntry } from './entries.ts';

const VALUES_MAX = 10_000;
const SHOWN_CHARACTERS = 12;

/** The lines of a file, in their order. Throws, with the line's number, when one is none. */
export function readHistory(file: string): HistoryEntry[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return [];
    const parsed = HistoryEntry.safeParse(valueOf(line));
    if (parsed.success) return [parsed.data];
    throw internalFailure(
      `${file}:${at + 1}: no line of a history: ${z.prettifyError(parsed.error)}`,
    );
  });
}

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

export interface Change {
  readonly metric: string;
  readonly fingerprint: string;
  /** The last commit before, and the first after. */
  readonly from: string;
  readonly to: string;
  readonly at: string;
  readonly point: ChangePoint;
}

/** The changes of all series, in the order of their metrics and time. */
export function changesOf(entries: readonly HistoryEntry[]): Change[] {
  return [...seriesOf(entries).values()].flatMap((series) => {
    const last = series.slice(-VALUES_MAX);
    return changePoints(normalised(last)).flatMap((point) => {
      const [before, after] = [last[point.index - 1], last[point.index]];
      if (before === undefined || after === undefined) return [];
      const { metric, fingerprint, commit: to, at } = after;
      return [{ metric, fingerprint, from: before.commit, to, at, point }];
    });
  });
}

function seriesOf(entries: readonly HistoryEntry[]): Map<string, HistoryEntry[]> {
  const series = new Map<string, HistoryEntry[]>();
  for (const entry of entries) {
    const key = `${entry.metric} ${entry.fingerprint}`;
    series.set(key, [...(series.get(key) ?? []), entry]);
  }
  return series;
}

/** As if nginx had always cost what it usually does; as they are where that was not measured. */
function normalised(series: readonly HistoryEntry[]): number[] {
  const canaries = series.flatMap(({ canaryUs }) => (canaryUs === null ? [] : [canaryUs]));
  if (canaries.length < series.length) return series.map(({ value }) => value);
  const usual = median(canaries);
  return series.map(({ value, canaryUs }) => (value * usual) / (canaryUs ?? usual));
}

export function historyText(entries: readonly HistoryEntry[]): string {
  const commits = new Set(entries.map(({ commit }) => commit)).size;
  const rows = changesOf(entries).map(({ metric, fingerprint, from, to, at, point }) => ({
    metric,
    change: percent(point.changeRatio),
    p: point.pValue.toExponential(1),
    'between commits': `${from.slice(0, SHOWN_CHARACTERS)}..${to.slice(0, SHOWN_CHARACTERS)}`,
    at,
    machine: fingerprint.slice(0, 8),
  }));
  const found = rows.length === 0 ? 'no change was found' : `${rows.length} changes were found`;
  const series = seriesOf(entries).size;
  const head = `${entries.length} numbers of ${commits} commits in ${series} series: ${found}`;
  return `${[head, ...tableLines(rows)].join('\n')}\n`;
}
